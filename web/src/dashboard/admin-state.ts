import { type ReadonlySignal, signal } from '@preact/signals';
import { type Overview, overviewSchema } from '@spillway/web/api/schema.ts';
import { requestAction, requestJson } from '../http/request.ts';
import { type FollowedJobs, followJobs } from '../jobs/followed-jobs.ts';
import { type Entry, enterAsAdmin, takeToken } from './admin-entry.ts';
import { mergeWorkers, type WatchedWorker } from './worker-history.ts';

/** `token_needed`: the token lets in. `refused`: the proxy before this page decides, and `refusal` says why. */
export type Access = 'unknown' | 'granted' | 'token_needed' | 'refused' | 'unreachable';

export interface AdminState {
  readonly access: ReadonlySignal<Access>;
  /** Why the server shows the dashboard to nobody, or not to this person; null where access is not `refused`. */
  readonly refusal: ReadonlySignal<string | null>;
  readonly overview: ReadonlySignal<Overview | null>;
  readonly workers: ReadonlySignal<ReadonlyMap<string, WatchedWorker> | null>;
  readonly jobs: FollowedJobs;
  /** Why the last token did not let this browser in; null where none was tried, or the last one did. */
  readonly entryProblem: ReadonlySignal<string | null>;
  /** Enters with the admin's token. */
  enter(token: string): Promise<void>;
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

const entryProblems: Record<Entry, string | null> = {
  entered: null,
  wrong_token: 'This is not the admin token.',
  unreachable: 'The server does not answer. Try again.',
};

/** Everything the dashboard shows. */
export function createAdminState(): AdminState {
  const access = signal<Access>('unknown');
  const refusal = signal<string | null>(null);
  const entryProblem = signal<string | null>(null);
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
  async function look(): Promise<Access> {
    const first = await requestJson('/admin/overview', overviewSchema);
    if (first.ok) {
      overview.value = first.value;
      return 'granted';
    }
    const { status, code, message } = first.failure;
    if (code === 'admin_required') return 'token_needed';
    if (status !== 401 && status !== 403) return 'unreachable';
    // What is no problem of the site's own is the proxy's answer, which has no words for people.
    refusal.value =
      code === 'unreadable' ? 'You are no longer signed in. Reload the page to sign in again.' : message;
    return 'refused';
  }

  let begin = async () => {};

  /** Where the token is wrong, what this browser may see is shown all the same: the form, or the dashboard. */
  async function enter(token: string): Promise<void> {
    entryProblem.value = entryProblems[await enterAsAdmin(token)];
    await begin();
  }

  /** The admin's address, opened in a tab that shows this page already, loads no page: only what is behind # changes. */
  const enterFromAddress = () => {
    const token = takeToken();
    if (token !== null) void enter(token);
  };

  return {
    access,
    refusal,
    entryProblem,
    overview,
    workers,
    jobs,
    enter,
    drain: (workerId, drain) => tellWorker(workerId, 'drain', { drain }),
    resume: (workerId) => tellWorker(workerId, 'resume'),
    start() {
      let ended = false;
      let endJobs: (() => void) | undefined;
      let again: ReturnType<typeof setTimeout> | undefined;
      begin = async () => {
        const next = await look();
        if (ended) return;
        access.value = next;
        if (next === 'unreachable') again = setTimeout(() => void begin(), askAgainMs);
        if (next === 'granted') endJobs ??= jobs.follow();
      };
      /** A stream cannot say why it is refused: the right to look may have ended. While the server is away, all stays. */
      const askWhy = async () => {
        const next = await look();
        if (!ended && next !== 'unreachable') access.value = next;
      };
      const token = takeToken();
      void (token === null ? begin() : enter(token));
      addEventListener('hashchange', enterFromAddress);
      const stopAsking = jobs.stream.subscribe((state) => void (state === 'lost' && askWhy()));
      return () => {
        ended = true;
        stopAsking();
        removeEventListener('hashchange', enterFromAddress);
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
