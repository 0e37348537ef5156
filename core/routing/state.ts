import { z } from 'zod';
import type { Worker } from '../heartbeat.ts';
import { instant, type Target } from '../job.ts';
import { isOperationName } from '../operations.ts';
import type { RoutingSettings } from '../settings.ts';
import type { RouteChoice } from '../transitions.ts';
import { runBreakerSchema } from './breakers.ts';
import type { FleetMember } from './fleet-summary.ts';
import { pushStateSchema } from './push-state.ts';
import { mergeQuantiles, type Quantiles, quantilesOf, quantilesSchema } from './quantiles.ts';
import { type LearnedServices, learnedServicesSchema, mergeLearned } from './service-times.ts';

/** @param minute Minutes since 1970. */
const minuteOfSpendingSchema = z.object({ minute: z.int(), dollars: z.number().min(0) });
export type MinuteOfSpending = z.infer<typeof minuteOfSpendingSchema>;

const ratio = z.number().positive().default(1);

/**
 * The document `routing/state`: what routers know beyond heartbeats and jobs. One sweeper at a time writes it, and
 * every router reads it. Durations are in milliseconds.
 */
export const routerStateSchema = z.object({
  /** Raised by one with every change: a sweeper that has lost its lease must not write over a newer state. */
  revision: z.int().min(0).default(0),
  /** Service times by place, from what the workers there have seen. */
  learned: z
    .object({ vm: learnedServicesSchema.default({}), run: learnedServicesSchema.default({}) })
    .prefault({}),
  /** From the decision to the claim where a slot was free and warm. */
  delivery: z
    .object({ vm: quantilesSchema.nullable().default(null), run: quantilesSchema.nullable().default(null) })
    .prefault({}),
  /** What jobs wait for beside their slot: download and storing. Null while nobody has said. */
  io: z
    .object({ vm: quantilesSchema.nullable().default(null), run: quantilesSchema.nullable().default(null) })
    .prefault({}),
  /** From the decision to the claim by an instance that was not there before. */
  coldStart: quantilesSchema.nullable().default(null),
  /** By which the work that waits is multiplied (work-ratio.ts). */
  workRatio: z.object({ vm: ratio, run: ratio }).prefault({}),
  push: pushStateSchema.prefault({}),
  breaker: runBreakerSchema.prefault({}),
  /** Minimum instances that the sweep has set at Cloud Run: they are warm, however long they are silent. */
  minInstances: z.int().min(0).default(0),
  /** US dollars that decisions of the last hour gave to Cloud Run. */
  spentLastHour: z.number().min(0).default(0),
  /** Decisions after this time are not in it. Null: it was never added up. */
  spentAt: instant.nullable().default(null),
  /** What it is the sum of, but for the last two minutes. */
  spentByMinute: z.array(minuteOfSpendingSchema).default([]),
});
export type RouterState = z.infer<typeof routerStateSchema>;

/** What is known of spending after one more decision. */
export function spentBy(
  state: RouterState,
  { target, dollars }: Pick<RouteChoice, 'target' | 'dollars'>,
): RouterState {
  return target === 'run' ? { ...state, spentLastHour: state.spentLastHour + dollars } : state;
}

export const initialRouterState: RouterState = routerStateSchema.parse({});

/** Merges what all workers have seen. What none of them has seen lately stays as `before`. */
export function learnFrom(workers: readonly Worker[], before: RouterState): RouterState {
  const reports = (kind: Target) => workers.filter((worker) => worker.kind === kind);
  return {
    ...before,
    learned: {
      vm: mergeLearned(reports('vm').map(learnedBy), before.learned.vm),
      run: mergeLearned(reports('run').map(learnedBy), before.learned.run),
    },
    delivery: {
      vm: deliveryOf(reports('vm')) ?? before.delivery.vm,
      run: deliveryOf(reports('run')) ?? before.delivery.run,
    },
    io: {
      vm: ioOf(reports('vm')) ?? before.io.vm,
      run: ioOf(reports('run')) ?? before.io.run,
    },
    coldStart: coldStartOf(reports('run')) ?? before.coldStart,
  };
}

function deliveryOf(workers: Worker[]): Quantiles | null {
  return mergeQuantiles(workers.flatMap(({ delivery }) => delivery ?? []));
}

function ioOf(workers: Worker[]): Quantiles | null {
  return mergeQuantiles(workers.flatMap(({ io }) => io ?? []));
}

/** An instance reports its one cold start, or null if no job waited for it. */
function coldStartOf(instances: Worker[]): Quantiles | null {
  return quantilesOf(instances.flatMap(({ coldStartMs }) => coldStartMs ?? []));
}

/** Cloud Run instances that are probably still there: seen recently and not stopping. */
export function warmInstances<Member extends FleetMember>(
  workers: readonly Member[],
  settings: RoutingSettings,
): Member[] {
  return workers.filter(
    (worker) =>
      worker.kind === 'run' && worker.state === 'ready' && worker.ageMs <= settings.run.warmWithinMs,
  );
}

export function slotsOf(workers: readonly Pick<FleetMember, 'slots'>[]): number {
  return workers.reduce((sum, { slots }) => sum + slots, 0);
}

/** What a worker has learned, by operation, from its heartbeat. */
export function learnedBy({ perOperation }: Pick<FleetMember, 'perOperation'>): LearnedServices {
  const known = learnedIn.get(perOperation);
  if (known) return known;
  const learned: LearnedServices = {};
  for (const [operation, stats] of Object.entries(perOperation)) {
    if (isOperationName(operation) && stats.learned) learned[operation] = stats.learned;
  }
  learnedIn.set(perOperation, learned);
  return learned;
}

/** Of each heartbeat once: every decision asks for it. */
const learnedIn = new WeakMap<FleetMember['perOperation'], LearnedServices>();
