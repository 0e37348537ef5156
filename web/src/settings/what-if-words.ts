import { countOf, formatDollars, formatShare } from '@spillway/core/amounts.ts';
import type { JobClass } from '@spillway/core/job.ts';
import { isOperationName, manifestOf } from '@spillway/core/operations.ts';
import type { WhatIfBasis, WhatIfGroup, WhatIfResult, WhatIfSide } from '@spillway/core/what-if.ts';
import { formatDuration } from '../format/duration.ts';

/** Sums of groups, of all or of one class. */
export function sumOf(groups: readonly WhatIfGroup[]): Pick<WhatIfGroup, 'jobs' | 'missed' | 'onRun'> {
  const sum = { jobs: 0, missed: 0, onRun: 0 };
  for (const { jobs, missed, onRun } of groups) {
    sum.jobs += jobs;
    sum.missed += missed;
    sum.onRun += onRun;
  }
  return sum;
}

export function shareWords(part: number, whole: number): string {
  return whole === 0 ? '–' : formatShare(part / whole, 1);
}

/** The outcome in one sentence: what the other settings change. */
export function verdictWords({ today, proposed }: Pick<WhatIfResult, 'today' | 'proposed'>): string {
  const [before, after] = [sumOf(today.groups), sumOf(proposed.groups)];
  const missed = after.missed - before.missed;
  const dollars = proposed.runDollars - today.runDollars;
  const parts = [
    missed === 0
      ? 'as many would be late'
      : `${countOf(Math.abs(missed), 'job')} ${missed > 0 ? 'more' : 'fewer'} would be late`,
    Math.abs(dollars) < 1e-9
      ? 'Cloud Run would cost the same'
      : `Cloud Run would cost ${formatDollars(Math.abs(dollars))} ${dollars > 0 ? 'more' : 'less'}`,
  ];
  return `With these settings ${parts.join(', and ')}.`;
}

/** What was played, for whoever wants to know what the figures are worth. */
export function basisWords({ jobs, played, stretches, reads, vms, slots }: WhatIfBasis): string {
  const machines = `${countOf(vms, 'VM')}${vms > 0 ? ` of ${countOf(slots, 'slot')}` : ''}`;
  const which =
    stretches === 1
      ? `All ${countOf(jobs, 'job')} of that time`
      : `A sample of ${played} of ${countOf(jobs, 'job')}, from ${stretches} stretches over that time`;
  return `${which}, played with the ${machines} of now. ${countOf(reads, 'read')} of the database.`;
}

/** How far the simulation of today's settings is from what really was. */
export function calibrationWords({ measured, today }: Pick<WhatIfResult, 'measured' | 'today'>): string {
  const [real, played] = [sumOf(measured.groups), sumOf(today.groups)];
  const late = `${shareWords(played.missed, played.jobs)} late (really ${shareWords(real.missed, real.jobs)})`;
  const run = `${shareWords(played.onRun, played.jobs)} on Cloud Run (really ${shareWords(real.onRun, real.jobs)})`;
  const cost = `${formatDollars(today.runDollars)} there (really ${formatDollars(measured.runDollars)})`;
  return `Today’s settings in simulation: ${late}, ${run}, ${cost}.`;
}

/** A line of the table: one operation and class on all three sides. */
export interface WhatIfRow {
  key: string;
  name: string;
  class: JobClass;
  measured: WhatIfGroup | null;
  today: WhatIfGroup | null;
  proposed: WhatIfGroup | null;
}

export function rowsOf({
  measured,
  today,
  proposed,
}: Pick<WhatIfResult, 'measured' | 'today' | 'proposed'>): WhatIfRow[] {
  const keys = new Map<string, WhatIfGroup>();
  for (const group of [...today.groups, ...proposed.groups]) keys.set(keyOf(group), group);
  const find = (side: WhatIfSide, key: string) => side.groups.find((group) => keyOf(group) === key) ?? null;
  return [...keys].map(([key, { operation, class: jobClass }]) => ({
    key,
    name: isOperationName(operation) ? manifestOf(operation).words.label : operation,
    class: jobClass,
    measured: find(measured, key),
    today: find(today, key),
    proposed: find(proposed, key),
  }));
}

function keyOf({ operation, class: jobClass }: WhatIfGroup): string {
  return `${jobClass} ${operation}`;
}

export function p95Words(group: WhatIfGroup | null): string {
  return group?.p95Ms == null ? '–' : formatDuration(group.p95Ms);
}
