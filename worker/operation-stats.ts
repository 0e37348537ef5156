import type { OperationStats } from '@spillway/core/heartbeat.ts';
import { clockStart, type Job } from '@spillway/core/job.ts';
import { keptObjective } from '@spillway/core/objective.ts';
import { isOperationName, type OperationName, operationNames } from '@spillway/core/operations.ts';
import { estimatePixels } from '@spillway/core/pixels.ts';
import { type Quantiles, RecentValues } from '@spillway/core/routing/quantiles.ts';
import { type LearnedServices, ServiceTimes } from '@spillway/core/routing/service-times.ts';
import type { Outcome } from '@spillway/pipeline/outcome.ts';

/** Weight of the newest job in the smoothed service time: about the last ten jobs count. */
const weight = 0.2;
/** An instance that starts later than this after a job's decision was not started for that job. Milliseconds. */
const longestStart = 20_000;

/** What would mislead the router, in milliseconds. */
interface LeftOut {
  /** Fetching a model, which happens once. */
  fetchMs?: number;
  /** What of the delivery followed the claim: the way of a picture that is sent elsewhere. */
  deliveryMs?: number;
}

/** What this worker has learned from its jobs, for the heartbeat and for its own decisions. */
export class OperationStatsBook {
  readonly #stats = new Map<OperationName, Omit<OperationStats, 'learned'>>();
  readonly #times = new ServiceTimes();
  readonly #deliveries = new RecentValues();
  readonly #io = new RecentValues();
  readonly #startedAt: () => Date;
  #first = true;
  #coldStartMs: number | null = null;

  constructor(startedAt: () => Date) {
    this.#startedAt = startedAt;
  }

  /** @param ms From receiving the message to its outcome, by a clock that stands still when the worker does. */
  record(outcome: Outcome, ms: number, { fetchMs = 0, deliveryMs = 0 }: LeftOut = {}): void {
    if (outcome.kind !== 'succeeded' && outcome.kind !== 'failed') return;
    const { job } = outcome;
    const { operation, timings } = job;
    if (!isOperationName(operation)) return;
    const before = this.#stats.get(operation) ?? { serviceMs: 0, succeeded: 0, failed: 0 };
    if (outcome.kind === 'failed') {
      // What was wrong with a picture says nothing about the worker.
      const isBlamed = keptObjective({ ...job, state: 'failed', error: outcome.error }) !== null;
      if (isBlamed) this.#stats.set(operation, { ...before, failed: before.failed + 1 });
      return;
    }
    if (!timings) return;
    const { processMs, slotWaitMs } = timings;
    const ownMs = Math.min(processMs, ms);
    const serviceMs = before.succeeded === 0 ? ownMs : before.serviceMs + weight * (ownMs - before.serviceMs);
    this.#stats.set(operation, { ...before, serviceMs, succeeded: before.succeeded + 1 });
    this.#times.record(operation, job.result?.decodedPixels ?? estimatePixels(job.source), ownMs);
    const claimedMs = Math.min(timings.totalMs - timings.waitMs, ms);
    this.#io.add(Math.max(0, claimedMs - slotWaitMs - processMs - fetchMs - deliveryMs));
    this.#recordDelivery(job, deliveryMs);
  }

  perOperation(): Record<string, OperationStats> {
    const entries = [...this.#stats].map(
      ([operation, stats]) => [operation, { ...stats, learned: this.#times.of(operation) }] as const,
    );
    return Object.fromEntries(entries);
  }

  learned(): LearnedServices {
    const learned: LearnedServices = {};
    for (const operation of operationNames) {
      const own = this.#times.of(operation);
      if (own) learned[operation] = own;
    }
    return learned;
  }

  /** Milliseconds from the decision to the claim, for jobs that nothing was ahead of. */
  get delivery(): Quantiles | null {
    return this.#deliveries.quantiles();
  }

  /** Milliseconds of download and storing, which keep no slot. */
  get io(): Quantiles | null {
    return this.#io.quantiles();
  }

  /** The delivery of the job that this instance was started for; null where there was none. */
  get coldStartMs(): number | null {
    return this.#coldStartMs;
  }

  /** Only first attempts count: a job that was moved or tried before has waited for other reasons. */
  #recordDelivery(job: Job, afterClaimMs: number): void {
    const { route, timings, attempt } = job;
    const first = this.#first;
    this.#first = false;
    if (!timings || attempt > 1 || route.epoch > 0) return;
    const claimedAt = clockStart(job).getTime() + timings.waitMs + afterClaimMs;
    const deliveryMs = Math.max(0, claimedAt - route.at.getTime());
    const beforeStartMs = this.#startedAt().getTime() - route.at.getTime();
    if (first && beforeStartMs > 0) {
      if (beforeStartMs < longestStart) this.#coldStartMs = deliveryMs;
    } else if (hadNothingBefore(route)) this.#deliveries.add(deliveryMs);
  }
}

/** The target must also have had a worker: a job that waits for the first VM to start says nothing about deliveries. */
function hadNothingBefore({ target, ledger, predicted }: Job['route']): boolean {
  if (!ledger || !predicted?.[target]) return false;
  return target === 'run' ? ledger.run.jobs === 0 : ledger.vm.running.jobs + ledger.vm.ahead.jobs === 0;
}
