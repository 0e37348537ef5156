import type { Worker } from '../heartbeat.ts';
import type { Prediction, SidePrediction } from '../job.ts';
import { type OperationName, operations } from '../operations.ts';
import { runCost } from '../prices.ts';
import type { RoutingQuestion } from './decide-route.ts';
import { liveVms, warmInstances } from './fleet.ts';

/** When each side would finish the job, from the work ahead of it and the service times workers report. */
export function predictBothSides(question: RoutingQuestion): Prediction {
  return { vm: predictVm(question), run: predictRun(question), budgetMs: budgetMs(question) };
}

/**
 * Mean of the service times that these workers report, weighted by their slots; the operation's prior where
 * none has run it yet.
 */
export function expectedServiceMs(workers: Worker[], operation: OperationName): number {
  let weight = 0;
  let sum = 0;
  for (const worker of workers) {
    const stats = worker.perOperation[operation];
    if (!stats || stats.succeeded === 0) continue;
    weight += worker.slots;
    sum += worker.slots * stats.serviceMs;
  }
  return weight > 0 ? sum / weight : operations[operation].priorServiceMs;
}

/** VMs share one subscription, so the work ahead drains through all their slots at once. */
function predictVm(question: RoutingQuestion): SidePrediction | null {
  const { settings, workers, ahead, operation } = question;
  const vms = liveVms(workers, settings);
  const slots = vms.reduce((sum, vm) => sum + vm.slots, 0);
  if (slots === 0) return null;
  const queueMs = ahead.vm.jobs < slots ? 0 : ahead.vm.workMs / slots;
  return side(question, {
    deliveryMs: settings.vm.pullMs,
    queueMs,
    serviceMs: expectedServiceMs(vms, operation),
    dollars: 0,
  });
}

/** Cloud Run adds instances up to its maximum, each after a cold start; beyond that, work waits. */
function predictRun(question: RoutingQuestion): SidePrediction | null {
  const { settings, workers, ahead, operation } = question;
  if (!settings.run.enabled || settings.run.maxInstances === 0) return null;
  const warm = warmInstances(workers, settings);
  const warmSlots = warm.reduce((sum, instance) => sum + instance.slots, 0);
  const mostSlots = settings.run.maxInstances * settings.run.concurrency;
  const coldStartMs = ahead.run.jobs < warmSlots ? 0 : settings.run.coldStartMs;
  const queueMs = ahead.run.jobs < mostSlots ? 0 : ahead.run.workMs / mostSlots;
  const serviceMs = expectedServiceMs(warm, operation);
  // A cold start is billed like work: https://cloud.google.com/run/pricing
  const dollars = runCost(coldStartMs + serviceMs, settings.run);
  return side(question, { deliveryMs: settings.run.pushMs + coldStartMs, queueMs, serviceMs, dollars });
}

interface SideFigures {
  /** From publishing until a free slot starts. */
  deliveryMs: number;
  /** Behind the work ahead. */
  queueMs: number;
  serviceMs: number;
  dollars: number;
}

function side(question: RoutingQuestion, figures: SideFigures): SidePrediction {
  const { deliveryMs, queueMs, serviceMs, dollars } = figures;
  const finishMs = deliveryMs + question.settings.safety * (queueMs + serviceMs);
  return {
    waitMs: deliveryMs + queueMs,
    serviceMs,
    finishMs,
    dollars,
    inTime: finishMs <= budgetMs(question),
  };
}

function budgetMs({ deadlineAt, now }: RoutingQuestion): number {
  return deadlineAt.getTime() - now.getTime();
}
