import { z } from 'zod';
import { countOf } from '../amounts.ts';
import { operationNameForm } from '../operations/operation.ts';
import { mostOperations } from '../operations.ts';
import type { RunBreaker } from '../routing/breakers.ts';
import { pauseByHand, type RoutingSettings } from '../settings.ts';
import type { ArrivalForecast } from './forecaster.ts';
import { mostAhead } from './series-model.ts';
import { wantedMinInstances } from './wanted.ts';

export const prewarmingTiming = {
  /** Milliseconds from one change of the minimum to the next, at least. */
  every: 60_000,
  /**
   * The minimum goes down only to the most that was wanted within this number of minutes: an instance that ends and is
   * started again a minute later has a job wait for it.
   */
  holdMinutes: 5,
} as const;

/** Why that number of instances is kept started. */
export const prewarmingReasons = [
  /** Prewarming is switched off. */
  'off',
  /** The settings send nothing to Cloud Run. */
  'run_off',
  /** Cloud Run's breaker holds all work back. */
  'run_paused',
  /** Nothing was counted lately, so that nothing is forecast. */
  'no_forecast',
  /** It is what the arrivals to come need. */
  'forecast',
  /** It is what they needed within the last minutes. */
  'held',
] as const;
export type PrewarmingReason = (typeof prewarmingReasons)[number];

const instances = z.int().min(0).max(100_000);

export const prewarmingChangeSchema = z.object({
  at: z.coerce.date(),
  from: instances,
  to: instances,
  /** One sentence. */
  why: z.string(),
});

/** Changes that are kept. */
export const mostChanges = 20;

/** Expected arrivals for 1 to 15 minutes after a time, by operation. */
export const expectedArrivalsSchema = z
  .record(operationNameForm, z.array(z.number().min(0)).max(mostAhead))
  .refine((operations) => Object.keys(operations).length <= mostOperations);

/**
 * The document `routing/forecast`: what is forecast, and what prewarming makes of it. One leader at a time writes it, once
 * a minute.
 */
export const forecastDocumentSchema = z.object({
  /** Raised by one with every change: a leader that has lost its lease must not write over a newer one. */
  revision: z.int().min(0).default(0),
  /** What the forecaster has learned, as JSON: a database would index each of its numbers. Empty: nothing. */
  forecaster: z.string().max(500_000).default('').catch(''),
  /** After `at`; null where nothing is forecast. */
  expected: expectedArrivalsSchema.nullable().default(null).catch(null),
  /** Slots of VMs that the arrivals to come will keep busy; null where nothing is forecast. */
  arrivingSlots: z.number().min(0).nullable().default(null),
  /** The end of the last minute that was counted. */
  at: z.coerce.date().nullable().default(null),
  /** Wanted minimum instances of the last minutes, the latest last. */
  wanted: z
    .array(z.object({ minute: z.int(), count: instances }))
    .max(prewarmingTiming.holdMinutes)
    .default([]),
  /** The minimum that prewarming has set; null where it leaves the minimum to others. */
  set: instances.nullable().default(null),
  /** Null before the first change. */
  changedAt: z.coerce.date().nullable().default(null),
  reason: z.enum(prewarmingReasons).default('off'),
  /** The latest first. */
  changes: z.array(prewarmingChangeSchema).max(mostChanges).default([]),
  /** Why Cloud Run does not have the minimum that is wanted; null where it has it. */
  problem: z.string().max(2_000).nullable().default(null),
});
export type ForecastDocument = z.infer<typeof forecastDocumentSchema>;

export const initialForecastDocument: ForecastDocument = forecastDocumentSchema.parse({});

export interface PrewarmingQuestion {
  now: Date;
  /** Whole minutes since 1970: the last one that has passed. */
  minute: number;
  settings: RoutingSettings;
  /** Null where there is none. */
  forecast: ArrivalForecast | null;
  /** Slots of the live VMs. */
  vmSlots: number;
  breaker: Pick<RunBreaker, 'state'>;
  before: Pick<ForecastDocument, 'wanted' | 'set' | 'changedAt'>;
}

export type PrewarmingDecision =
  /** The minimum is somebody else's affair. */
  | { kind: 'leave'; reason: 'off' }
  /** Prewarming was on: the minimum goes back to the least, once. */
  | { kind: 'give_back'; count: number; reason: 'off' }
  | {
      kind: 'keep';
      count: number;
      reason: Exclude<PrewarmingReason, 'off'>;
      /** What is wanted now, before what was wanted lately counts. */
      wanted: number;
      /** For the next decision. */
      lately: ForecastDocument['wanted'];
    };

/**
 * How many instances of Cloud Run are to be kept started from now on. It rises at once, falls to what was wanted within
 * the last minutes, and changes once a minute at most; a bound that the admin moves holds at once.
 */
export function decidePrewarming(question: PrewarmingQuestion): PrewarmingDecision {
  const { now, minute, settings, before } = question;
  const least = wantedMinInstances(null, 0, settings);
  if (!settings.forecast.prewarming) {
    return before.set === null
      ? { kind: 'leave', reason: 'off' }
      : { kind: 'give_back', count: least, reason: 'off' };
  }
  const { wanted, reason } = wantedNow(question, least);
  const held = before.wanted.filter((each) => {
    const age = minute - each.minute;
    return age > 0 && age < prewarmingTiming.holdMinutes;
  });
  const lately = [...held, { minute, count: wanted }];
  const asForecast = reason === 'forecast';
  const most = mostInstances(settings);
  const busiest = Math.min(most, Math.max(...lately.map(({ count }) => count)));
  const count = asForecast ? Math.max(least, busiest) : wanted;
  const decided = {
    kind: 'keep',
    count,
    reason: asForecast && count > wanted ? 'held' : reason,
    wanted,
    lately,
  } as const;
  if (before.set === null || count === before.set) return decided;
  const since =
    before.changedAt === null ? Number.POSITIVE_INFINITY : now.getTime() - before.changedAt.getTime();
  // A clock that was ahead keeps nothing back for longer than that.
  const tooSoon = since >= 0 && since < prewarmingTiming.every;
  const kept = Math.min(most, Math.max(least, before.set));
  return tooSoon ? { ...decided, count: kept, reason: 'held' } : decided;
}

function wantedNow(
  { settings, forecast, vmSlots, breaker, now }: PrewarmingQuestion,
  least: number,
): { wanted: number; reason: Exclude<PrewarmingReason, 'off' | 'held'> } {
  if (mostInstances(settings) === 0) return { wanted: 0, reason: 'run_off' };
  if (breaker.state === 'paused' || pauseByHand(settings, now))
    return { wanted: least, reason: 'run_paused' };
  if (forecast === null) return { wanted: least, reason: 'no_forecast' };
  return { wanted: wantedMinInstances(forecast, vmSlots, settings), reason: 'forecast' };
}

function mostInstances({ run, forecast: { minInstances } }: RoutingSettings): number {
  return run.enabled ? Math.min(minInstances.most, run.maxInstances) : 0;
}

/** One sentence that explains the number of instances that is kept. */
export function prewarmingWords(
  { reason, count, wanted }: { reason: PrewarmingReason; count: number; wanted: number },
  { forecast: { minInstances } }: Pick<RoutingSettings, 'forecast'>,
): string {
  const kept = countOf(count, 'instance');
  switch (reason) {
    case 'off':
      return 'Prewarming is switched off.';
    case 'run_off':
      return 'Nothing is sent to Cloud Run, or no instance is allowed.';
    case 'run_paused':
      return `Cloud Run is paused, so that only the least, ${kept}, is kept.`;
    case 'no_forecast':
      return `There is no forecast, so that only the least, ${kept}, is kept.`;
    case 'forecast':
      if (count === minInstances.least)
        return `The VMs can take what is to arrive beside the least, ${kept}.`;
      if (count === minInstances.most) return `What is to arrive needs the most that is allowed, ${kept}.`;
      return `What is to arrive within three minutes needs ${kept} beside the VMs.`;
    case 'held':
      return `What is to arrive needs ${countOf(wanted, 'instance')}. Instances are ended after ${prewarmingTiming.holdMinutes} minutes without need.`;
    default:
      return reason satisfies never;
  }
}
