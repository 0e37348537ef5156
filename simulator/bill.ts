import {
  idleRunCostPerHour,
  type MachineShape,
  prices,
  type RunPrices,
  runCost,
} from '@spillway/core/prices.ts';

/** What Cloud Run and Pub/Sub's extra messages cost, in US dollars. */
export class Bill {
  readonly #shape: MachineShape;
  readonly #prices: RunPrices;
  run = 0;
  /** The part of it for minimum instances without a request. */
  runIdle = 0;
  /** Beyond what every job costs wherever it runs. */
  extraMessages = 0;

  constructor(shape: MachineShape, runPrices: RunPrices) {
    this.#shape = shape;
    this.#prices = runPrices;
  }

  /** An instance was busy for this time, in which it served this number of requests. A start counts as busy. */
  busy(ms: number, requests: number): void {
    this.run += runCost(ms, this.#shape, this.#prices) + (requests - 1) * this.#prices.perRequest;
  }

  /** A minimum instance had no request for this time. */
  idle(ms: number): void {
    const dollars = (ms / 3_600_000) * idleRunCostPerHour(this.#shape);
    this.runIdle += dollars;
    this.run += dollars;
  }

  /** A message beyond a job's first: published and delivered, and its document written twice. */
  extraMessage(): void {
    this.extraMessages +=
      2 * prices.firestore.perWrite +
      (2 * prices.pubsub.smallestMessageBytes * prices.pubsub.perTib) / 2 ** 40;
  }
}
