import type { WorkerView } from '@spillway/web/api/schema.ts';
import { type Sample, withSample } from '../charts/sample-window.ts';

/** A worker with what it reported lately. `seenAt` is when its newest heartbeat was written, by this page's clock. */
export interface WatchedWorker {
  readonly view: WorkerView;
  readonly seenAt: number;
  readonly samples: readonly Sample[];
}

/** Heartbeats older than this are a worker gone silent, not a late one. */
export const silentAfterMs = 15_000;

/** Merges a fresh list of workers into what is known. Those who are no longer listed are dropped. */
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

/** What a worker is doing, where silence outweighs what it last said. */
export function conditionOf(worker: WatchedWorker, now: number): WorkerCondition {
  const { state } = worker.view;
  if (state === 'stopped') return 'stopped';
  if (now - worker.seenAt > silentAfterMs) return 'silent';
  // What was asked of it a moment ago it says of itself only with its next heartbeat.
  return worker.view.drain && (state === 'ready' || state === 'paused') ? 'draining' : state;
}
