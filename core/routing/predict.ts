import type { Prediction, SideLedger, SidePrediction } from '../job.ts';
import { costOfOneJob } from '../job-cost.ts';
import { type OperationName, operationNames } from '../operations.ts';
import { runCost } from '../prices.ts';
import { largestSentPicture } from '../run-reach.ts';
import { pauseByHand, type RoutingSettings, slotsOfInstance } from '../settings.ts';
import { takesWork } from './breakers.ts';
import type { FleetMember } from './fleet-summary.ts';
import { liveVms } from './liveness.ts';
import { heldForMs, pushedAtOnce } from './push-state.ts';
import { asLogNormal, type Estimate, type Quantiles } from './quantiles.ts';
import type { Conditions, RoutingQuestion } from './question.ts';
import { estimateService } from './service-times.ts';
import { learnedBy, slotsOf, warmInstances } from './state.ts';
import { objectiveMs } from './waiting.ts';

/** Coefficient of variation of one job in the work ahead, across all operations and sizes of pictures. */
const variationOfWork = 0.6;
/**
 * Standard deviation of the extra wait that is caused by later jobs with earlier deadlines overtaking this one, as a
 * fraction of its wait. Chosen with the simulator on the first halves of the traces: see docs/routing.md.
 */
const passingShare = 0.6;
/** Seen at a random time, a job in progress has half of its work left. */
const remainingShare = 0.5;
const hourMs = 3_600_000;
/** With fewer observed deliveries than this, the settings are used. */
const enoughDeliveries = 5;

/** When each side would finish the job, from the work ahead of it and what was learned of service times. */
export function predictBothSides(question: RoutingQuestion): Prediction {
  const vm = predictVm(question);
  const noService = question.reach.kind === 'none' ? ('no_service' as const) : null;
  const runClosed = noService ?? whyRunIsClosed(question) ?? whyRunCannot(question);
  return {
    vm,
    run: runClosed ? null : predictRun(question),
    runClosed,
    budgetMs: budgetMs(question),
  };
}

/** VMs share one line, so the work ahead is divided by all their slots. */
function predictVm(question: RoutingQuestion): SidePrediction | null {
  const { settings, workers, ledger, state } = question;
  const vms = liveVms(workers, settings);
  const slots = slotsOf(vms);
  if (slots === 0) return null;
  const { running, ahead } = ledger.vm;
  const io = learnedOr(state.io.vm, 0);
  const free = running.jobs + ahead.jobs < slots;
  const before = {
    jobs: running.jobs + ahead.jobs,
    workMs: state.workRatio.vm * (remainingOf(running, slots, io.mean) + ahead.workMs),
  };
  const { dollars, ...service } = poolService(question, vms);
  return side(question, {
    delivery: learnedOr(state.delivery.vm, settings.vm.pullMs),
    queue: free ? none : untilItsTurn(drained(before, slots), question),
    service,
    io,
    dollars,
  });
}

/**
 * What is left of the work that is claimed. Jobs that have a slot are half done; others are fetched ahead, and have all of
 * their work left, or are stored. How many are stored follows from how long that takes: by Little's law, work that keeps
 * all slots busy has as many jobs under way for each slot as a job takes times the time that it keeps its slot.
 */
function remainingOf({ jobs, workMs }: SideLedger, slots: number, ioMs: number): number {
  if (jobs <= slots) return remainingShare * workMs;
  const underWay = slots * (1 + (ioMs * jobs) / Math.max(1, workMs));
  return workMs * (1 - remainingShare * Math.min(1, underWay / jobs));
}

/**
 * Cloud Run adds instances up to its maximum, each after a cold start. Work beyond that waits, and so does a request to a
 * warm instance whose slots are taken.
 */
function predictRun(question: RoutingQuestion): SidePrediction {
  const { settings, workers, ledger, state, operation, pixels } = question;
  const { run } = settings;
  const most = pushedAtOnce(state.push, settings);
  const heldMs = heldForMs(state.push, question.now);
  const warm = warmInstances(workers, settings);
  const coldChance = chanceOfColdStart(warm, state.minInstances, ledger.run.jobs, settings);
  const push = learnedOr(state.delivery.run, run.pushMs);
  const cold = learnedOr(state.coldStart, run.coldStartMs);
  const service = estimateService(operation, pixels, [state.learned.run]);
  const io = learnedOr(state.io.run, 0);
  const line = { ...ledger.run, workMs: state.workRatio.run * ledger.run.workMs };
  const queue =
    line.jobs < most
      ? scaled(behindSlots(line, warm, settings), 1 - coldChance)
      : drained(line, slotsKeptBusy(line, most, io.mean, settings));
  return side(question, {
    delivery: {
      mean: push.mean + coldChance * cold.mean,
      spread: Math.hypot(
        push.spread,
        coldChance * cold.spread,
        Math.sqrt(coldChance * (1 - coldChance)) * cold.mean,
      ),
    },
    queue: later(queue, heldMs),
    service,
    io,
    // A cold start and the I/O of a request are billed like work: https://cloud.google.com/run/pricing
    dollars: runCost(coldChance * cold.mean + service.mean + io.mean, run, settings.prices),
  });
}

/** The expected service time of a job on the VMs, in milliseconds: its weight among the jobs that wait there. */
export function vmServiceMs(
  operation: OperationName,
  pixels: number,
  conditions: Pick<Conditions, 'workers' | 'settings' | 'state'>,
): number {
  const vms = liveVms(conditions.workers, conditions.settings);
  const { state } = conditions;
  return vms.length === 0
    ? estimateService(operation, pixels, [state.learned.vm]).mean
    : poolService({ operation, pixels, state }, vms).mean;
}

/**
 * Service time of a job on the VM that will take it, and what it costs there beyond an idle VM. Faster VMs take more jobs,
 * so they weigh more.
 */
function poolService(
  { operation, pixels, state }: Pick<RoutingQuestion, 'operation' | 'pixels' | 'state'>,
  vms: readonly FleetMember[],
): Estimate & { dollars: number } {
  let [perMs, sum, sumOfSquares, sumOfDollars] = [0, 0, 0, 0];
  for (const vm of vms) {
    const { mean, spread } = estimateService(operation, pixels, [learnedBy(vm), state.learned.vm]);
    const weight = vm.slots / mean;
    perMs += weight;
    sum += weight * mean;
    sumOfSquares += weight * (spread ** 2 + mean ** 2);
    sumOfDollars += weight * ((vm.pricePerHour ?? 0) / vm.slots) * (mean / hourMs);
  }
  const mean = sum / perMs;
  const spread = Math.sqrt(Math.max(0, sumOfSquares / perMs - mean ** 2));
  return { mean, spread, dollars: sumOfDollars / perMs };
}

/**
 * Slots that requests keep busy, this number of them under way at a time. Each holds its place while it is fetched and
 * stored, too: where there is one place for each slot, slots wait for that.
 */
function slotsKeptBusy(
  { jobs, workMs }: SideLedger,
  requests: number,
  ioMs: number,
  settings: RoutingSettings,
): number {
  const serviceMs = workMs / Math.max(1, jobs);
  const share = serviceMs === 0 ? 1 : serviceMs / (serviceMs + ioMs);
  return requests * Math.min(share, slotsOfInstance(settings) / settings.run.concurrency);
}

/** The wait for a slot on warm instances that take more requests than they have slots. */
function behindSlots(
  { jobs, workMs }: SideLedger,
  warm: readonly FleetMember[],
  settings: RoutingSettings,
): Estimate {
  const slots = slotsOf(warm);
  const before = jobs + 1 - slots;
  if (slots === 0 || before <= 0 || slotsOfInstance(settings) >= settings.run.concurrency) return none;
  return drained({ jobs: before, workMs: (before * workMs) / jobs }, slots);
}

/**
 * The chance, 0 to 1, that a push meets no free place on a warm instance behind `jobsBefore` jobs. An idle instance sends no heartbeat
 * (it has no processor between requests), so an instance counts the less the longer it was silent. Minimum instances
 * are always there.
 */
function chanceOfColdStart(
  warm: readonly FleetMember[],
  minInstances: number,
  jobsBefore: number,
  settings: RoutingSettings,
): number {
  const { run, vm } = settings;
  const placesOfSlot = run.concurrency / slotsOfInstance(settings);
  const expected = warm.reduce((sum, { slots, ageMs }) => {
    const silentMs = Math.max(0, ageMs - vm.liveWithinMs);
    return sum + slots * placesOfSlot * (1 - silentMs / run.warmWithinMs);
  }, 0);
  const places = Math.max(expected, minInstances * run.concurrency);
  return Math.min(1, Math.max(0, jobsBefore + 1 - places));
}

const none: Estimate = { mean: 0, spread: 0 };

function scaled({ mean, spread }: Estimate, factor: number): Estimate {
  return { mean: factor * mean, spread: factor * spread };
}

/** The estimate of what begins only when a backoff of unknown length is over. */
function later({ mean, spread }: Estimate, heldMs: number): Estimate {
  return { mean: mean + heldMs, spread: Math.hypot(spread, heldMs / 2) };
}

/** How long the work takes through the slots. The relative spread of a sum of n jobs is that of one, divided by √n. */
function drained({ jobs, workMs }: SideLedger, slots: number): Estimate {
  const mean = workMs / slots;
  return { mean, spread: (variationOfWork * mean) / Math.sqrt(Math.max(1, jobs)) };
}

/**
 * The wait of a job that later ones with earlier deadlines may overtake. Their number is unknown: the mean stays the
 * same, and the spread grows.
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
  /** The operation, while it keeps its slot. */
  service: Estimate;
  /** Download and storing, which keep no slot from others. */
  io: Estimate;
  /** What the work itself costs there, in US dollars. */
  dollars: number;
}

function side(
  question: RoutingQuestion,
  { delivery, queue, service, io, dollars }: SideEstimates,
): SidePrediction {
  const { settings } = question;
  const spreadMs = Math.hypot(delivery.spread, queue.spread, service.spread, io.spread);
  const finishMs = delivery.mean + queue.mean + service.mean + io.mean + settings.confidence * spreadMs;
  return {
    waitMs: delivery.mean + queue.mean,
    deliveryMs: delivery.mean,
    serviceMs: service.mean,
    ioMs: io.mean,
    spreadMs,
    finishMs,
    dollars: costOfOneJob + dollars,
    inTime: finishMs <= budgetMs(question),
  };
}

/** Null while it takes work. */
export function whyRunIsClosed({
  settings,
  state,
  now,
}: Pick<Conditions, 'settings' | 'state' | 'now'>): Prediction['runClosed'] {
  if (isRunOff(settings)) return 'off';
  if (pauseByHand(settings, now) !== null || !takesWork(state.breaker, now)) return 'paused';
  return isOverBudget(state.spentLastHour, settings.run.mostDollarsPerHour) ? 'over_budget' : null;
}

export function isRunOff({ run }: RoutingSettings): boolean {
  return !run.enabled || run.maxInstances === 0;
}

/**
 * A picture that is too large to be sent waits for a VM, whether there is one or not.
 *
 * Cloud Run fetches no model, so it can do what its image or its mounted folder has. A VM that is late with its heartbeat,
 * starts again or is drained is waited for. Where no heartbeat of a VM is left, the job goes to Cloud Run nevertheless, and
 * ends with the sentence that says what is missing.
 */
function whyRunCannot({ bytes, model, reach, settings, workers }: RoutingQuestion): Prediction['runClosed'] {
  if (reach.kind === 'pictures' && bytes > largestSentPicture) return 'too_large';
  if (model === null || settings.run.models.includes(model)) return null;
  return workers.some(({ kind }) => kind === 'vm') ? 'lacks_model' : null;
}

export function isOverBudget(spentLastHour: number, most: number | null): most is number {
  return most !== null && spentLastHour >= most;
}

function budgetMs({ deadlineAt, now }: RoutingQuestion): number {
  return deadlineAt.getTime() - now.getTime();
}
