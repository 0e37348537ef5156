import type { OperationStats } from '@spillway/core/heartbeat.ts';
import type { Delivery } from '@spillway/pipeline/deliver.ts';

/** Weight of the newest job in the smoothed service time: about the last ten jobs count. */
const weight = 0.2;

/** Counts outcomes and smooths service times, for the heartbeat. */
export class OperationStatsBook {
  readonly #stats = new Map<string, OperationStats>();

  /** `ms`: from receiving the message to its outcome. */
  record(delivery: Delivery, ms: number): void {
    if (delivery.kind !== 'succeeded' && delivery.kind !== 'failed') return;
    const { operation } = delivery.job;
    const before = this.#stats.get(operation) ?? { serviceMs: 0, succeeded: 0, failed: 0 };
    if (delivery.kind === 'failed') {
      this.#stats.set(operation, { ...before, failed: before.failed + 1 });
      return;
    }
    const serviceMs = before.succeeded === 0 ? ms : before.serviceMs + weight * (ms - before.serviceMs);
    this.#stats.set(operation, { ...before, serviceMs, succeeded: before.succeeded + 1 });
  }

  snapshot(): Record<string, OperationStats> {
    return Object.fromEntries(this.#stats);
  }
}
