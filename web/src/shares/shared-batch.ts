import { type ReadonlySignal, signal } from '@preact/signals';
import { isTerminal } from '@spillway/core/job.ts';
import {
  type SharedBatch,
  type SharedJob,
  sharedBatchSchema,
  sharedJobPageSchema,
} from '@spillway/web/api/schema.ts';
import { type RequestFailure, requestJson } from '../http/request.ts';

export type SharedView =
  | { kind: 'opening' }
  /** Nothing is shown: the link is wrong, or has ended. */
  | { kind: 'closed'; message: string }
  /** `problem`: why it may be old; null where it is not. */
  | { kind: 'open'; batch: SharedBatch; jobs: readonly SharedJob[]; problem: string | null };

/** What a private link shows, kept current while somebody looks. */
export interface SharedFollowing {
  readonly view: ReadonlySignal<SharedView>;
  stop(): void;
}

/** While something is at work, and while nothing is: the batch may grow, and the link may be revoked. Milliseconds. */
const workingMs = 4_000;
const restingMs = 30_000;

/** Opens a private link by its token and follows its batch. */
export function followShared(token: string): SharedFollowing {
  const view = signal<SharedView>({ kind: 'opening' });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;

  function fail(failure: RequestFailure): void {
    const now = view.peek();
    // What cannot be reached for a moment is no reason to take away what is shown.
    const isOver = [401, 404, 410].includes(failure.status);
    if (now.kind !== 'open' || isOver) view.value = { kind: 'closed', message: failure.message };
    else view.value = { ...now, problem: failure.message };
  }

  async function readJobs(batch: SharedBatch): Promise<void> {
    const jobs: SharedJob[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `?cursor=${encodeURIComponent(cursor)}`;
      const reply = await requestJson(`/shared/${batch.id}/jobs${query}`, sharedJobPageSchema);
      if (ended) return;
      if (!reply.ok) return fail(reply.failure);
      jobs.push(...reply.value.jobs);
      cursor = reply.value.cursor;
    } while (cursor !== null);
    view.value = { kind: 'open', batch, jobs, problem: null };
  }

  async function follow(batch: SharedBatch): Promise<void> {
    const started = performance.now();
    if (document.visibilityState === 'visible') await readJobs(batch);
    const now = view.peek();
    if (ended || now.kind === 'closed') return;
    const isWorking = now.kind === 'open' && now.jobs.some(({ state }) => !isTerminal(state));
    // A large batch takes several requests: it is asked for less often.
    const pause = (isWorking ? workingMs : restingMs) + 4 * (performance.now() - started);
    timer = setTimeout(() => void follow(batch), pause);
  }

  async function open(): Promise<void> {
    const reply = await requestJson('/shared/open', sharedBatchSchema, { method: 'POST', body: { token } });
    if (ended) return;
    if (!reply.ok) return fail(reply.failure);
    await follow(reply.value);
  }

  void open();
  return {
    view,
    stop() {
      ended = true;
      clearTimeout(timer);
    },
  };
}

/** One picture of a shared batch, with the newest run of each thing that was made of it. */
export interface SharedPicture {
  key: string;
  name: string;
  results: readonly SharedJob[];
}

/** In the order of the drop. */
export function sharedPictures(jobs: readonly SharedJob[]): SharedPicture[] {
  const byPicture = Map.groupBy(jobs, ({ picture }) => picture);
  const pictures = [...byPicture].map(([key, all]) => ({
    key,
    name: all[0]?.name ?? '',
    index: all[0]?.batchIndex ?? Number.MAX_SAFE_INTEGER,
    addedAt: Math.min(...all.map(({ createdAt }) => createdAt.getTime())),
    results: newestRuns(all),
  }));
  return pictures.sort((a, b) => a.index - b.index || a.addedAt - b.addedAt || (a.key < b.key ? -1 : 1));
}

function newestRuns(jobs: readonly SharedJob[]): SharedJob[] {
  const byWish = Map.groupBy(jobs, ({ operation, options }) => `${operation} ${JSON.stringify(options)}`);
  return [...byWish.values()]
    .map((runs) => runs.reduce((newest, each) => (each.run > newest.run ? each : newest)))
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}
