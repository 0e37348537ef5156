import { type ReadonlySignal, signal } from '@preact/signals';
import { eventSchemas, jobPageSchema } from '@spillway/web/api/schema.ts';
import { requestJson } from '../http/request.ts';
import { type EventStream, openEventStream, type StreamState } from '../live/event-stream.ts';
import { createFrameBatch } from '../live/frame-batch.ts';
import { createJobCache, type JobCache, type JobUpdate } from './job-cache.ts';

/** Which jobs are followed. */
export interface JobSource {
  /** API path of the list. */
  list: string;
  /** Query of the first page, with its question mark; empty for the API's own size. */
  firstPage: string;
  /** Address of the event stream. */
  events: string;
  /** Jobs that the page keeps. */
  most: number;
  /** Called with the events of one frame after they were applied, and with the jobs before that. */
  onUpdates?: (updates: readonly JobUpdate[], before: JobCache['jobs']['value']) => void;
}

/** Jobs that are listed page by page and kept current by events. */
export interface FollowedJobs {
  readonly cache: JobCache;
  readonly stream: ReadonlySignal<StreamState>;
  /** False until the first list has come or failed. */
  readonly loaded: ReadonlySignal<boolean>;
  /** Why the last list failed; null if it did not. */
  readonly problem: ReadonlySignal<string | null>;
  /** Cursor of the page of older jobs; null if there is none. */
  readonly cursor: ReadonlySignal<string | null>;
  loadEarlier(): Promise<void>;
  /** Adds what one query finds. Returns the cursor of the next page. */
  load(query: string): Promise<string | null>;
  /**
   * Lists the newest jobs, then listens. The list comes first because its answer may set the cookie that says whose
   * events these are.
   * @returns A function that ends it.
   */
  follow(): () => void;
  /** Listens again if the server has ended an idle stream. */
  resume(): void;
}

export function followJobs(source: JobSource): FollowedJobs {
  const cache = createJobCache(source.most);
  const stream = signal<StreamState>('connecting');
  const loaded = signal(false);
  const problem = signal<string | null>(null);
  const cursor = signal<string | null>(null);
  let events: EventStream | null = null;

  const gather = createFrameBatch<JobUpdate>((updates) => {
    const before = cache.jobs.peek();
    cache.apply(updates);
    source.onUpdates?.(updates, before);
  });

  async function load(query: string): Promise<string | null> {
    const reply = await requestJson(`${source.list}${query}`, jobPageSchema);
    problem.value = reply.ok ? null : reply.failure.message;
    loaded.value = true;
    if (!reply.ok) return null;
    cache.apply(reply.value.jobs.map((job) => ({ kind: 'job', job })));
    return reply.value.cursor;
  }

  function listen(): EventStream {
    const opened = openEventStream(source.events, eventSchemas, {
      job: (job) => gather({ kind: 'job', job }),
      removed: ({ id }) => gather({ kind: 'removed', id }),
      present: ({ ids }) => gather({ kind: 'present', ids }),
    });
    opened.state.subscribe((state) => {
      stream.value = state;
    });
    return opened;
  }

  return {
    cache,
    stream,
    loaded,
    problem,
    cursor,
    load,
    async loadEarlier() {
      const from = cursor.peek();
      if (from !== null) cursor.value = await load(`?cursor=${encodeURIComponent(from)}`);
    },
    resume: () => events?.resume(),
    follow() {
      let ended = false;
      void load(source.firstPage).then((next) => {
        cursor.value = next;
        if (!ended) events = listen();
      });
      return () => {
        ended = true;
        events?.close();
        events = null;
      };
    },
  };
}
