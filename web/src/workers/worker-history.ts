import type { WorkerView } from '@spillway/web/api/admin-schema.ts';
import { type Sample, withSample } from '../charts/sample-window.ts';

/** A worker with its recent reports. `seenAt` is when its newest heartbeat was written, by this page's clock. */
export interface WatchedWorker {
  readonly view: WorkerView;
  readonly seenAt: number;
  readonly samples: readonly Sample[];
}

/** A worker whose heartbeat is older than this is silent, not late. */
export const silentAfterMs = 15_000;

/** Merges a new list of workers into the known ones. Workers that are no longer listed are dropped. */
export function mergeWorkers(
  known: ReadonlyMap<string, WatchedWorker>,
  views: readonly WorkerView[],
  now: number,
): ReadonlyMap<string, WatchedWorker> {
  const sorted = views.toSorted((a, b) => rank(a) - rank(b) || a.id.localeCompare(b.id));
  return new Map(
    sorted.map((view) => {
      const seenAt = now - view.ageMs;
      const before = known.get(view.id)?.samples ?? [];
      return [view.id, { view, seenAt, samples: withSample(before, sampleOf(view, seenAt)) }];
    }),
  );
}

function rank(view: WorkerView): number {
  return view.kind === 'vm' ? 0 : 1;
}

function sampleOf(view: WorkerView, at: number): Sample {
  const cores = Math.max(1, view.cpu.perCore.length);
  return {
    at,
    machineCpu: view.cpu.load * 100,
    ownCpu: Math.min(100, (view.process.cpu / cores) * 100),
    machineMemory: view.memory.usedBytes,
    ownMemory: view.process.rssBytes,
  };
}

export type WorkerCondition = WorkerView['state'] | 'silent';

/** What a worker is doing. Silence counts more than its last report. */
export function conditionOf(worker: WatchedWorker, now: number): WorkerCondition {
  const { state } = worker.view;
  if (state === 'stopped') return 'stopped';
  if (now - worker.seenAt > silentAfterMs) return 'silent';
  // A recent request shows in its own report only with the next heartbeat.
  return worker.view.drain && (state === 'ready' || state === 'paused') ? 'draining' : state;
}
