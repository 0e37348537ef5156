import { type ReadonlySignal, signal } from '@preact/signals';
import { jobPageSchema, type Overview, overviewSchema, type WorkerView } from '@spillway/web/api/schema.ts';
import { requestAction, requestJson } from '../http/request.ts';
import { createJobStore, type JobChange, type JobStore } from '../jobs/job-store.ts';
import { type EventStream, openEventStream, type StreamState } from '../live/event-stream.ts';
import { createFrameBatch } from '../live/frame-batch.ts';
import { mergeWorkers, type WatchedWorker } from './worker-history.ts';

export type Access = 'unknown' | 'granted' | 'refused' | 'unreachable';

export interface AdminState {
  readonly access: ReadonlySignal<Access>;
  readonly stream: ReadonlySignal<StreamState>;
  readonly overview: ReadonlySignal<Overview | null>;
  readonly workers: ReadonlySignal<ReadonlyMap<string, WatchedWorker> | null>;
  readonly store: JobStore;
  /** Where older jobs go on; null where there are none. */
  readonly cursor: ReadonlySignal<string | null>;
  loadEarlier(): Promise<void>;
  /** Returns what stood in the way, or null. */
  drain(workerId: string, drain: boolean): Promise<string | null>;
  /** Lets a worker that has paused itself take jobs again; returns what stood in the way, or null. */
  resume(workerId: string): Promise<string | null>;
  start(): () => void;
}

type Change =
  | JobChange
  | { kind: 'workers'; workers: WorkerView[] }
  | { kind: 'overview'; overview: Overview };

const jobsKept = 2_000;
const pageOfJobs = 100;
const askAgainMs = 5_000;

/** Everything the dashboard shows. Events of one frame become one update. */
export function createAdminState(): AdminState {
  const access = signal<Access>('unknown');
  const stream = signal<StreamState>('connecting');
  const overview = signal<Overview | null>(null);
  const workers = signal<ReadonlyMap<string, WatchedWorker> | null>(null);
  const cursor = signal<string | null>(null);
  const store = createJobStore(jobsKept);

  const gather = createFrameBatch<Change>((changes) => {
    const jobs: JobChange[] = [];
    for (const change of changes) {
      if (change.kind === 'overview') overview.value = change.overview;
      else if (change.kind === 'workers') {
        workers.value = mergeWorkers(workers.peek() ?? new Map(), change.workers, Date.now());
      } else jobs.push(change);
    }
    if (jobs.length > 0) store.apply(jobs);
  });

  const loadJobs = async (query: string): Promise<string | null> => {
    const page = await requestJson(`/admin/jobs${query}`, jobPageSchema);
    if (!page.ok) return null;
    store.apply(page.value.jobs.map((job) => ({ kind: 'job', job })));
    return page.value.cursor;
  };

  /** The first request also tells whether this visitor may look at all, which a stream cannot say. */
  const enter = async (): Promise<void> => {
    const first = await requestJson('/admin/overview', overviewSchema);
    if (first.ok) {
      overview.value = first.value;
      access.value = 'granted';
    } else {
      const forbidden = first.failure.status === 401 || first.failure.status === 403;
      access.value = forbidden ? 'refused' : 'unreachable';
    }
  };

  return {
    access,
    stream,
    overview,
    workers,
    store,
    cursor,
    async loadEarlier() {
      const from = cursor.peek();
      if (from !== null) cursor.value = await loadJobs(`?cursor=${encodeURIComponent(from)}`);
    },
    drain: (workerId, drain) => tellWorker(workerId, 'drain', { drain }),
    resume: (workerId) => tellWorker(workerId, 'resume'),
    start() {
      let events: EventStream | null = null;
      let ended = false;
      let again: ReturnType<typeof setTimeout> | undefined;
      const begin = async () => {
        await enter();
        if (ended) return;
        if (access.peek() === 'unreachable') again = setTimeout(() => void begin(), askAgainMs);
        if (access.peek() !== 'granted') return;
        cursor.value = await loadJobs(`?limit=${pageOfJobs}`);
        if (!ended) events = openAdminEvents();
      };
      const openAdminEvents = () => {
        const opened = openEventStream('/api/v1/admin/events', {
          job: (job) => gather({ kind: 'job', job }),
          removed: ({ id }) => gather({ kind: 'removed', id }),
          present: ({ ids }) => gather({ kind: 'present', ids }),
          workers: (event) => gather({ kind: 'workers', workers: event.workers }),
          overview: (event) => gather({ kind: 'overview', overview: event }),
        });
        opened.state.subscribe((state) => {
          stream.value = state;
        });
        return opened;
      };
      void begin();
      return () => {
        ended = true;
        clearTimeout(again);
        events?.close();
      };
    },
  };
}

async function tellWorker(
  workerId: string,
  action: 'drain' | 'resume',
  body?: object,
): Promise<string | null> {
  const path = `/admin/workers/${encodeURIComponent(workerId)}/${action}`;
  const reply = await requestAction(path, { method: 'POST', body });
  return reply.ok ? null : reply.failure.message;
}
