import { effect, type ReadonlySignal, signal } from '@preact/signals';
import { jobCountSchema, stateCountsSchema } from '@spillway/web/api/admin-schema.ts';
import { type JobView, jobPageSchema, type Problem } from '@spillway/web/api/schema.ts';
import type { z } from 'zod';
import { type RequestFailure, requestJson } from '../http/request.ts';
import { type ExplorerAddress, filtersIn, searchOf } from './explorer-address.ts';

export const rowsOfPage = 50;
export type JobCount = z.infer<typeof jobCountSchema>;
export type StateCounts = z.infer<typeof stateCountsSchema>['byState'];

/** Milliseconds between two questions. An open page asks Firestore for less than 300 reads a minute. */
const every = { arrivals: 5_000, rows: 20_000, counts: 60_000 } as const;

/** The list as it is shown. Rows stay where they are until the reader wants others. */
export type ExplorerList =
  | { kind: 'loading' }
  | { kind: 'page'; jobs: readonly JobView[]; cursor: string | null }
  | { kind: 'wrong_address'; errors: NonNullable<Problem['errors']> }
  | { kind: 'failed'; why: string };

export interface Explorer {
  readonly list: ReadonlySignal<ExplorerList>;
  /** Whether another page is on its way while this one is still shown. */
  readonly busy: ReadonlySignal<boolean>;
  /** Of all jobs that match, by state; null until they are there. */
  readonly counts: ReadonlySignal<StateCounts | null>;
  /** Jobs that have come since the list was read; null on later pages, where none can come. */
  readonly arrivals: ReadonlySignal<JobCount | null>;
  /** Reads everything again. */
  reload(): void;
  /** @returns A function that ends it. */
  start(): () => void;
}

export function createExplorer(address: ExplorerAddress): Explorer {
  const list = signal<ExplorerList>({ kind: 'loading' });
  const busy = signal(false);
  const counts = signal<StateCounts | null>(null);
  const arrivals = signal<JobCount | null>(null);
  /** Names the newest question: what answers an older one is not shown. */
  let asked = 0;

  async function load(): Promise<void> {
    const own = ++asked;
    const parameters = address.parameters.peek();
    busy.value = true;
    arrivals.value = null;
    const search = searchOf(new Map([['limit', String(rowsOfPage)], ...parameters]));
    const reply = await requestJson(`/admin/jobs${search}`, jobPageSchema);
    if (own !== asked) return;
    busy.value = false;
    list.value = reply.ok ? { kind: 'page', ...reply.value } : failed(reply.failure);
    if (reply.ok) await count(own);
  }

  async function count(own: number): Promise<void> {
    const search = searchOf(filtersIn(address.parameters.peek()));
    const reply = await requestJson(`/admin/jobs/counts${search}`, stateCountsSchema);
    if (own === asked && reply.ok) counts.value = reply.value.byState;
  }

  /** What came after the newest job of the list, or after the list was read where it is empty. */
  async function lookForArrivals(since: Date): Promise<void> {
    const shown = list.peek();
    const parameters = address.parameters.peek();
    if (shown.kind !== 'page' || parameters.has('cursor') || parameters.has('to')) return;
    const own = asked;
    const newest = shown.jobs[0]?.createdAt;
    const from = newest ? new Date(newest.getTime() + 1) : since;
    const filters = filtersIn(parameters);
    filters.delete('within');
    filters.set('from', from.toISOString());
    const reply = await requestJson(`/admin/jobs/count${searchOf(filters)}`, jobCountSchema);
    if (own === asked && reply.ok) arrivals.value = reply.value;
  }

  /** Reads the same rows again, so that open jobs are seen to end. None comes and none moves. */
  async function refreshRows(): Promise<void> {
    const shown = list.peek();
    if (shown.kind !== 'page' || !shown.jobs.some(isOpen)) return;
    const own = asked;
    const parameters = new Map([['limit', String(rowsOfPage)], ...address.parameters.peek()]);
    const newest = shown.jobs[0]?.createdAt;
    if (newest && !parameters.has('cursor')) {
      parameters.set('to', new Date(newest.getTime() + 1).toISOString());
    }
    const reply = await requestJson(`/admin/jobs${searchOf(parameters)}`, jobPageSchema);
    if (own !== asked || !reply.ok) return;
    const fresh = new Map(reply.value.jobs.map((job) => [job.id, job]));
    list.value = { ...shown, jobs: shown.jobs.map((job) => fresh.get(job.id) ?? job) };
  }

  function start(): () => void {
    const stopFollowing = address.follow();
    let since = new Date();
    const stopLoading = effect(() => {
      address.parameters.value;
      since = new Date();
      counts.value = null;
      void load();
    });
    const timers = [
      repeat(every.arrivals, () => lookForArrivals(since)),
      repeat(every.rows, refreshRows),
      repeat(every.counts, () => count(asked)),
    ];
    return () => {
      asked++;
      stopFollowing();
      stopLoading();
      for (const timer of timers) clearInterval(timer);
    };
  }

  return { list, busy, counts, arrivals, reload: () => void load(), start };
}

/** Nothing is asked for a page that nobody sees. */
function repeat(ms: number, ask: () => Promise<void>): ReturnType<typeof setInterval> {
  return setInterval(() => void (document.visibilityState === 'visible' && ask()), ms);
}

function isOpen({ state }: JobView): boolean {
  return state === 'queued' || state === 'processing';
}

function failed({ status, message, errors = [] }: RequestFailure): ExplorerList {
  return status === 400 ? { kind: 'wrong_address', errors } : { kind: 'failed', why: message };
}
