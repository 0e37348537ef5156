import type { Worker } from '../heartbeat.ts';
import type { Prediction, SideLedger, SidePrediction } from '../job.ts';
import { type OperationName, operationNames } from '../operations.ts';
import { costOfOneJob, runCost } from '../prices.ts';
import type { RoutingSettings } from '../settings.ts';
import { takesWork } from './breakers.ts';
import { asLogNormal, type Estimate, type Quantiles } from './quantiles.ts';
import type { Conditions, RoutingQuestion } from './question.ts';
import { estimateService } from './service-times.ts';
import { learnedBy, liveVms, slotsOf, warmInstances } from './state.ts';
import { objectiveMs } from './waiting.ts';

/** Coefficient of variation of the work ahead of a job: operations and pictures of all kinds. */
const variationOfWork = 0.6;
/**
 * One standard deviation of what passing adds to a job's wait, as a share of it. Chosen with the simulator on the first
 * halves of the traces: see docs/routing.md.
 */
const passingShare = 0.6;
/** A job in progress has, seen at a random time, half of its work before it. */
const remainingShare = 0.5;
/** Fewer deliveries than these say less than the settings. */
const enoughDeliveries = 5;

/** When each side would finish the job, from the work ahead of it and what was learned of service times. */
export function predictBothSides(question: RoutingQuestion): Prediction {
  const runClosed = whyRunIsClosed(question);
  return {
    vm: predictVm(question),
    run: runClosed ? null : predictRun(question),
    runClosed,
    budgetMs: budgetMs(question),
  };
}

/** VMs share one line, so the work ahead drains through all their slots at once. */
function predictVm(question: RoutingQuestion): SidePrediction | null {
  const { settings, workers, ledger, state } = question;
  const vms = liveVms(workers, settings);
  const slots = slotsOf(vms);
  if (slots === 0) return null;
  const { running, ahead } = ledger.vm;
  const free = running.jobs + ahead.jobs < slots;
  const before = { jobs: running.jobs + ahead.jobs, workMs: remainingShare * running.workMs + ahead.workMs };
  return side(question, {
    delivery: learnedOr(state.delivery.vm, settings.vm.pullMs),
    queue: free ? none : untilItsTurn(drained(before, slots), question),
    service: poolService(question, vms),
    runMs: 0,
  });
}

/** Cloud Run adds instances up to its maximum, each after a cold start; beyond that, work waits. */
function predictRun(question: RoutingQuestion): SidePrediction {
  const { settings, workers, ledger, state, operation, pixels } = question;
  const { run } = settings;
  const most = Math.min(run.maxInstances * run.concurrency, run.maxInFlight ?? Number.POSITIVE_INFINITY);
  const warm = warmInstances(workers, settings);
  const coldChance = chanceOfColdStart(warm, ledger.run.jobs, settings);
  const push = learnedOr(state.delivery.run, run.pushMs);
  const cold = learnedOr(state.coldStart, run.coldStartMs);
  const service = estimateService(operation, pixels, [state.learned.run]);
  return side(question, {
    delivery: {
      mean: push.mean + coldChance * cold.mean,
      spread: Math.hypot(
        push.spread,
        coldChance * cold.spread,
        Math.sqrt(coldChance * (1 - coldChance)) * cold.mean,
      ),
    },
    queue: ledger.run.jobs < most ? none : drained(ledger.run, most),
    service,
    // A cold start is billed like work: https://cloud.google.com/run/pricing
    runMs: coldChance * cold.mean + service.mean,
  });
}

/** What a job weighs among those that wait for VMs: its expected service time there, in milliseconds. */
export function vmServiceMs(operation: OperationName, pixels: number, conditions: Conditions): number {
  const vms = liveVms(conditions.workers, conditions.settings);
  const { state } = conditions;
  return vms.length === 0
    ? estimateService(operation, pixels, [state.learned.vm]).mean
    : poolService({ operation, pixels, state }, vms).mean;
}

/** Of a job on whichever VM takes it: those that work faster take more. */
function poolService(
  { operation, pixels, state }: Pick<RoutingQuestion, 'operation' | 'pixels' | 'state'>,
  vms: Worker[],
): Estimate {
  const estimates = vms.map((vm) => {
    const estimate = estimateService(operation, pixels, [learnedBy(vm), state.learned.vm]);
    return { ...estimate, perMs: vm.slots / estimate.mean };
  });
  const perMs = estimates.reduce((sum, estimate) => sum + estimate.perMs, 0);
  const average = (of: (estimate: Estimate) => number) =>
    estimates.reduce((sum, estimate) => sum + (estimate.perMs / perMs) * of(estimate), 0);
  const mean = average((estimate) => estimate.mean);
  const square = average((estimate) => estimate.spread ** 2 + estimate.mean ** 2);
  return { mean, spread: Math.sqrt(Math.max(0, square - mean ** 2)) };
}

/**
 * 0 to 1: that a push meets no free warm slot, given so many jobs on Cloud Run before it. An idle instance does not
 * beat (it has no processor between requests), so the longer one was silent, the less it counts.
 */
function chanceOfColdStart(
  warm: readonly Worker[],
  jobsBefore: number,
  { run, vm }: RoutingSettings,
): number {
  const expected = warm.reduce((sum, { slots, ageMs }) => {
    const silentMs = Math.max(0, ageMs - vm.liveWithinMs);
    return sum + slots * (1 - silentMs / run.warmWithinMs);
  }, 0);
  return Math.min(1, Math.max(0, jobsBefore + 1 - expected));
}

const none: Estimate = { mean: 0, spread: 0 };

/** How long so much work takes through so many slots. A sum of n jobs varies less, by the root of n, than each. */
function drained({ jobs, workMs }: SideLedger, slots: number): Estimate {
  const mean = workMs / slots;
  return { mean, spread: (variationOfWork * mean) / Math.sqrt(Math.max(1, jobs)) };
}

/**
 * The wait of a job that others may pass, those that come later with an earlier deadline. How many will come nobody
 * knows: its wait is no longer on average, but far less certain.
 */
function untilItsTurn(queue: Estimate, question: RoutingQuestion): Estimate {
  const { settings } = question;
  const shortest = Math.min(...operationNames.map((name) => objectiveMs(name, 'interactive', settings)));
  if (budgetMs(question) <= shortest) return queue;
  return { ...queue, spread: Math.hypot(queue.spread, passingShare * queue.mean) };
}

function learnedOr(figures: Quantiles | null, fallbackMs: number): Estimate {
  return figures && figures.count >= enoughDeliveries
    ? asLogNormal(figures)
    : { mean: fallbackMs, spread: fallbackMs / 3 };
}

interface SideEstimates {
  /** From the decision until a slot that is free starts. */
  delivery: Estimate;
  /** Behind the work ahead. */
  queue: Estimate;
  service: Estimate;
  /** What Cloud Run would bill, in milliseconds. */
  runMs: number;
}

function side(question: RoutingQuestion, { delivery, queue, service, runMs }: SideEstimates): SidePrediction {
  const { settings } = question;
  const spreadMs = Math.hypot(delivery.spread, queue.spread, service.spread);
  const finishMs = delivery.mean + queue.mean + service.mean + settings.confidence * spreadMs;
  return {
    waitMs: delivery.mean + queue.mean,
    deliveryMs: delivery.mean,
    serviceMs: service.mean,
    spreadMs,
    finishMs,
    dollars: costOfOneJob + (runMs > 0 ? runCost(runMs, settings.run, settings.prices) : 0),
    inTime: finishMs <= budgetMs(question),
  };
}

/** Null while it takes work. */
export function whyRunIsClosed({
  settings,
  state,
}: Pick<Conditions, 'settings' | 'state'>): Prediction['runClosed'] {
  const { enabled, maxInstances, mostDollarsPerHour } = settings.run;
  if (!enabled || maxInstances === 0) return 'off';
  if (!takesWork(state.breaker)) return 'paused';
  return isOverBudget(state.spentLastHour, mostDollarsPerHour) ? 'over_budget' : null;
}

export function isOverBudget(spentLastHour: number, most: number | null): most is number {
  return most !== null && spentLastHour >= most;
}

function budgetMs({ deadlineAt, now }: RoutingQuestion): number {
  return deadlineAt.getTime() - now.getTime();
}
