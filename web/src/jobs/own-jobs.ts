import { type ReadonlySignal, signal } from '@preact/signals';
import { isTerminal, type JobProgress } from '@spillway/core/job.ts';
import { type JobView, jobPageSchema } from '@spillway/web/api/schema.ts';
import { requestJson } from '../http/request.ts';
import { type EventStream, openEventStream, type StreamState } from '../live/event-stream.ts';
import { createFrameBatch } from '../live/frame-batch.ts';
import { createJobStore, type JobChange, type JobStore } from './job-store.ts';

export interface OwnJobs {
  readonly store: JobStore;
  readonly stream: ReadonlySignal<StreamState>;
  /** False until the first list has come, or has failed to. */
  readonly loaded: ReadonlySignal<boolean>;
  readonly problem: ReadonlySignal<string | null>;
  /** Where older jobs go on; null where there are none. */
  readonly cursor: ReadonlySignal<string | null>;
  loadEarlier(): Promise<void>;
  /** Asks for the jobs of one upload: for events that were missed. */
  lookFor(uploadId: string): Promise<void>;
  start(): () => void;
  /** Listens again where the server ended an idle stream. */
  resume(): void;
}

/** What there is to tell of jobs that are watched. */
export interface JobNews {
  ended(job: JobView): void;
  downloading(progress: JobProgress): void;
}

/** The visitor's own jobs: listed once, then kept current by events. */
export function createOwnJobs(news: JobNews): OwnJobs {
  const store = createJobStore();
  const stream = signal<StreamState>('connecting');
  const loaded = signal(false);
  const problem = signal<string | null>(null);
  const cursor = signal<string | null>(null);

  const load = async (query: string): Promise<string | null> => {
    const reply = await requestJson(`/jobs${query}`, jobPageSchema);
    problem.value = reply.ok ? null : reply.failure.message;
    loaded.value = true;
    if (!reply.ok) return null;
    store.apply(reply.value.jobs.map((job) => ({ kind: 'job', job })));
    return reply.value.cursor;
  };

  let events: EventStream | null = null;

  const gather = createFrameBatch<JobChange>((changes) => {
    const before = store.jobs.peek();
    store.apply(changes);
    for (const change of changes) {
      if (change.kind !== 'job') continue;
      const { job } = change;
      if (job.progress) news.downloading(job.progress);
      if (!isTerminal(job.state)) continue;
      const known = before.get(job.id);
      if ((!known || !isTerminal(known.state)) && store.jobs.peek().has(job.id)) news.ended(job);
    }
  });

  return {
    store,
    stream,
    loaded,
    problem,
    cursor,
    async loadEarlier() {
      const from = cursor.peek();
      if (from !== null) cursor.value = await load(`?cursor=${encodeURIComponent(from)}`);
    },
    async lookFor(uploadId) {
      await load(`?upload=${encodeURIComponent(uploadId)}`);
    },
    resume: () => events?.resume(),
    start() {
      let ended = false;
      // The list comes first because its answer may set the cookie that says whose events these are.
      void load('').then((next) => {
        cursor.value = next;
        if (ended) return;
        events = openEventStream('/api/v1/events', {
          job: (job) => gather({ kind: 'job', job }),
          removed: ({ id }) => gather({ kind: 'removed', id }),
          present: ({ ids }) => gather({ kind: 'present', ids }),
        });
        events.state.subscribe((state) => {
          stream.value = state;
        });
      });
      return () => {
        ended = true;
        events?.close();
        events = null;
      };
    },
  };
}
