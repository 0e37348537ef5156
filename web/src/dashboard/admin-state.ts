import { type ReadonlySignal, signal } from '@preact/signals';
import { type Overview, overviewSchema } from '@spillway/web/api/schema.ts';
import { requestAction, requestJson } from '../http/request.ts';
import { type FollowedJobs, followJobs } from '../jobs/followed-jobs.ts';
import { mergeWorkers, type WatchedWorker } from './worker-history.ts';

export type Access = 'unknown' | 'granted' | 'refused' | 'unreachable';

export interface AdminState {
  readonly access: ReadonlySignal<Access>;
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
const askAgainMs = 5_000;

/** Everything the dashboard shows. */
export function createAdminState(): AdminState {
  const access = signal<Access>('unknown');
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

  /** The first request also tells whether this visitor may look at all, which a stream cannot say. */
  async function enter(): Promise<Access> {
    const first = await requestJson('/admin/overview', overviewSchema);
    if (first.ok) {
      overview.value = first.value;
      return 'granted';
    }
    return first.failure.status === 401 || first.failure.status === 403 ? 'refused' : 'unreachable';
  }

  return {
    access,
    overview,
    workers,
    jobs,
    drain: (workerId, drain) => tellWorker(workerId, 'drain', { drain }),
    resume: (workerId) => tellWorker(workerId, 'resume'),
    start() {
      let ended = false;
      let endJobs: (() => void) | undefined;
      let again: ReturnType<typeof setTimeout> | undefined;
      const begin = async () => {
        access.value = await enter();
        if (ended) return;
        if (access.peek() === 'unreachable') again = setTimeout(() => void begin(), askAgainMs);
        if (access.peek() === 'granted') endJobs = jobs.follow();
      };
      void begin();
      return () => {
        ended = true;
        clearTimeout(again);
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
