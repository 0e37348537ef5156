import type { JobClass } from '@spillway/core/job.ts';
import { manifestOfView } from '@spillway/core/operations/manifest-of-view.ts';
import { manifestViewSchema } from '@spillway/core/operations/manifest-view.ts';
import { addOperations, type OperationName } from '@spillway/core/operations.ts';
import { runCost } from '@spillway/core/prices.ts';
import type { RecordedJob } from '@spillway/core/recorded-job.ts';
import { quantile } from '@spillway/core/routing/quantiles.ts';
import type { RoutingSettings } from '@spillway/core/settings.ts';
import type { WhatIfGroup, WhatIfSide } from '@spillway/core/what-if.ts';
import type { z } from 'zod';
import { simulate } from '../world/simulate.ts';
import { type Learned, type Machines, playedJobs, playedPolicy, playedScenario } from './played-world.ts';

/** A recorded job, and how many it stands for. 0: it is only played, so that those after it do not meet an empty world. */
export interface WeighedJob extends RecordedJob {
  weight: number;
}

/** All that a thread is given. It is plain data. */
export interface WhatIfQuestion {
  jobs: WeighedJob[];
  machines: Machines;
  learned: Learned;
  today: RoutingSettings;
  proposed: RoutingSettings;
  /** Operations beside those that Spillway ships with. */
  plugins: z.input<typeof manifestViewSchema>[];
}

export interface WhatIfAnswer {
  measured: WhatIfSide;
  today: WhatIfSide;
  proposed: WhatIfSide;
}

/** What one job came to, really or in simulation. */
interface Seen {
  operation: OperationName;
  class: JobClass;
  weight: number;
  missed: boolean;
  onRun: boolean;
  tookMs: number | null;
}

/**
 * Plays recorded arrivals with the settings in force and with others, through the code that decides, queues, moves and works
 * in production. The same question always has the same answer.
 * @param onProgress Told now and then of the share that is done, 0 to 1.
 */
export function whatIf(question: WhatIfQuestion, onProgress: (share: number) => void): WhatIfAnswer {
  const { plugins } = question;
  const removePlugins = addOperations(
    plugins.map((view) => ({ manifest: manifestOfView(manifestViewSchema.parse(view)), module: null })),
  );
  try {
    return whatIfOf(question, onProgress);
  } finally {
    removePlugins();
  }
}

function whatIfOf(question: WhatIfQuestion, onProgress: (share: number) => void): WhatIfAnswer {
  const { today, proposed } = question;
  const measured = measuredSide(question);
  const side = (settings: RoutingSettings, done: number) =>
    playedSide(settings, question, (share) => onProgress((done + share) / 2));
  return { measured, today: side(today, 0), proposed: side(proposed, 1) };
}

/** Between two words of progress, this number of jobs ends at least. */
const progressEvery = 50;

function playedSide(
  settings: RoutingSettings,
  { jobs, machines, learned, today }: WhatIfQuestion,
  onProgress: (share: number) => void,
): WhatIfSide {
  const ordered = jobs.toSorted((a, b) => a.atMs - b.atMs);
  const scenario = playedScenario(ordered, machines, learned, settings);
  const played = playedJobs(ordered, scenario, learned, today);
  const { outcomes, dollars } = simulate(played, playedPolicy(settings, scenario), scenario, 1, {
    learned,
    onEnded(ended) {
      if (ended % progressEvery === 0) onProgress(ended / played.length);
    },
  });
  const seen = outcomes.map(
    ({ index, operation, class: jobClass, latencyMs, inTime, target }): Seen => ({
      operation,
      class: jobClass,
      weight: ordered[index]?.weight ?? 0,
      missed: !inTime,
      onRun: target === 'run',
      tookMs: latencyMs,
    }),
  );
  // The bill is of all that was played: what is only played has a share of it by its number.
  const factor = sumOf(ordered, ({ weight }) => weight) / Math.max(1, ordered.length);
  return { groups: groupsOf(seen), runDollars: dollars.run * factor };
}

/** What really was, by the documents. */
function measuredSide({ jobs, today }: WhatIfQuestion): WhatIfSide {
  const judged = jobs.filter(({ kept }) => kept !== null);
  const seen = judged.map(
    ({ operation, class: jobClass, weight, kept, target, tookMs }): Seen => ({
      operation,
      class: jobClass,
      weight,
      missed: kept === false,
      onRun: target === 'run',
      tookMs,
    }),
  );
  const runDollars = sumOf(jobs, ({ target, processMs, downloadMs, storeMs, weight }) => {
    if (target !== 'run' || processMs === null) return 0;
    const busyMs = processMs + (downloadMs ?? 0) + (storeMs ?? 0);
    return weight * runCost(busyMs, today.run, today.prices);
  });
  return { groups: groupsOf(seen), runDollars };
}

function groupsOf(seen: readonly Seen[]): WhatIfGroup[] {
  const groups = new Map<string, Seen[]>();
  for (const each of seen) {
    if (each.weight === 0) continue;
    const key = `${each.class} ${each.operation}`;
    const group = groups.get(key);
    if (group) group.push(each);
    else groups.set(key, [each]);
  }
  return [...groups.entries()]
    .sort(([one], [other]) => (one < other ? 1 : -1))
    .flatMap(([, members]) => {
      const [first] = members;
      return first ? [groupOf(first, members)] : [];
    });
}

function groupOf(first: Seen, members: readonly Seen[]): WhatIfGroup {
  const took = members.flatMap(({ tookMs }) => tookMs ?? []).sort((a, b) => a - b);
  return {
    operation: first.operation,
    class: first.class,
    jobs: Math.round(sumOf(members, ({ weight }) => weight)),
    missed: Math.round(sumOf(members, ({ missed, weight }) => (missed ? weight : 0))),
    onRun: Math.round(sumOf(members, ({ onRun, weight }) => (onRun ? weight : 0))),
    p50Ms: quantile(took, 0.5) ?? null,
    p95Ms: quantile(took, 0.95) ?? null,
  };
}

function sumOf<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
