import { type ReadonlySignal, signal } from '@preact/signals';
import { type Overview, overviewSchema } from '@spillway/web/api/schema.ts';
import { requestAction, requestJson } from '../http/request.ts';
import { type FollowedJobs, followJobs } from '../jobs/followed-jobs.ts';
import { type AdminDoor, createAdminDoor } from './admin-door.ts';
import { mergeWorkers, type WatchedWorker } from './worker-history.ts';

export interface AdminState {
  readonly door: AdminDoor;
  readonly overview: ReadonlySignal<Overview | null>;
  readonly workers: ReadonlySignal<ReadonlyMap<string, WatchedWorker> | null>;
  readonly jobs: FollowedJobs;
  /** Returns why it could not be done, or null. */
  drain(workerId: string, drain: boolean): Promise<string | null>;
  /** Lets a worker that has paused itself take jobs again. Returns why it could not be done, or null. */
  resume(workerId: string): Promise<string | null>;
  /** @returns A function that ends it. */
  start(): () => void;
}

/** Jobs kept by a page that stays open for days. */
const mostJobs = 2_000;
const pageOfJobs = 100;

/** Everything the dashboard shows. */
export function createAdminState(): AdminState {
  const overview = signal<Overview | null>(null);
  const workers = signal<ReadonlyMap<string, WatchedWorker> | null>(null);
  const jobs = followJobs({
    list: '/admin/jobs',
    firstPage: `?limit=${pageOfJobs}`,
    events: '/api/v1/admin/events',
    most: mostJobs,
    others: {
      workers: (event) => {
        workers.value = mergeWorkers(workers.peek() ?? new Map(), event.workers, Date.now());
      },
      overview: (event) => {
        overview.value = event;
      },
    },
  });

  let endJobs: (() => void) | undefined;
  const door = createAdminDoor(
    async () => {
      const first = await requestJson('/admin/overview', overviewSchema);
      if (!first.ok) return first.failure;
      overview.value = first.value;
      return null;
    },
    () => {
      endJobs ??= jobs.follow();
    },
  );

  return {
    door,
    overview,
    workers,
    jobs,
    drain: (workerId, drain) => tellWorker(workerId, 'drain', { drain }),
    resume: (workerId) => tellWorker(workerId, 'resume'),
    start() {
      const close = door.open();
      // A stream cannot say why it is refused.
      const stopAsking = jobs.stream.subscribe((state) => void (state === 'lost' && door.askAgain()));
      return () => {
        close();
        stopAsking();
        endJobs?.();
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
