import { type ReadonlySignal, signal } from '@preact/signals';
import { adminEventSchemas, type Overview, overviewSchema } from '@spillway/web/api/admin-schema.ts';
import { requestJson } from '../http/request.ts';
import type { JobUpdate } from '../jobs/job-cache.ts';
import { type EventStream, openEventStream, type StreamState } from '../live/event-stream.ts';
import { createFrameBatch } from '../live/frame-batch.ts';
import { mergeWorkers, type WatchedWorker } from '../workers/worker-history.ts';
import { type AdminDoor, createAdminDoor } from './admin-door.ts';

/** What a page for admins can be told of. The overview, which has the alerts, is always among it. */
export type AdminTopic = 'jobs' | 'workers';

/** What the pages for admins share: the way in, one event stream, and what it tells. */
export interface AdminConnection {
  readonly door: AdminDoor;
  readonly overview: ReadonlySignal<Overview | null>;
  /** Null until they are told of. */
  readonly workers: ReadonlySignal<ReadonlyMap<string, WatchedWorker> | null>;
  readonly stream: ReadonlySignal<StreamState>;
  /**
   * Calls back with the changes of jobs that the stream tells of, at most once a frame. Only a page with the topic `jobs`
   * is told of any.
   * @returns A function that ends it.
   */
  onJobs(listener: (updates: JobUpdate[]) => void): () => void;
  /** @returns A function that ends it. */
  start(): () => void;
}

/** One connection serves everything that a page shows. */
export function createAdminConnection(topics: readonly AdminTopic[]): AdminConnection {
  const overview = signal<Overview | null>(null);
  const workers = signal<ReadonlyMap<string, WatchedWorker> | null>(null);
  const stream = signal<StreamState>('connecting');
  const listeners = new Set<(updates: JobUpdate[]) => void>();
  const gather = createFrameBatch<JobUpdate>((updates) => {
    for (const listener of listeners) listener(updates);
  });
  let events: EventStream | null = null;

  const door = createAdminDoor(
    async () => {
      const first = await requestJson('/admin/overview', overviewSchema);
      if (!first.ok) return first.failure;
      overview.value = first.value;
      return null;
    },
    () => {
      events ??= listen();
    },
  );

  function listen(): EventStream {
    const opened = openEventStream(
      `/api/v1/admin/events?topics=${['overview', ...topics].join(',')}`,
      adminEventSchemas,
      {
        job: (job) => gather({ kind: 'job', job }),
        removed: ({ id }) => gather({ kind: 'removed', id }),
        present: ({ ids }) => gather({ kind: 'present', ids }),
        workers: (event) => {
          workers.value = mergeWorkers(workers.peek() ?? new Map(), event.workers, Date.now());
        },
        overview: (event) => {
          overview.value = event;
        },
      },
    );
    opened.state.subscribe((state) => {
      stream.value = state;
    });
    return opened;
  }

  return {
    door,
    overview,
    workers,
    stream,
    onJobs(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    start() {
      const close = door.open();
      // A stream cannot say why it is refused.
      const stopAsking = stream.subscribe((state) => void (state === 'lost' && door.askAgain()));
      return () => {
        close();
        stopAsking();
        events?.close();
        events = null;
      };
    },
  };
}
