import { setTimeout as delay } from 'node:timers/promises';
import {
  acknowledges,
  afterFailure,
  afterSuccess,
  firstPace,
  type PushPace,
  pushesAtOnce,
} from '@spillway/core/push-delivery.ts';

/** A request without its credentials. */
export interface PushRequest {
  headers: Record<string, string>;
  body: string;
}

/** A message of the subscription, and the request that carries it. */
export interface Delivery {
  ackId: string;
  request: PushRequest;
}

/** A subscription that is pulled, to be pushed. */
export interface Source {
  /** Waits for messages. Resolves to none where none came for a while, and once the signal is aborted. */
  pull(most: number, signal: AbortSignal): Promise<Delivery[]>;
  acknowledge(ackId: string): Promise<void>;
  /** Brings the message again. */
  refuse(ackId: string): Promise<void>;
}

export interface PusherOptions {
  /** Of the subscription, for the log. */
  name: string;
  source: Source;
  /** Resolves to the answer's status code. Rejects where there is no answer. */
  send(request: PushRequest, signal: AbortSignal): Promise<number>;
  /** The longest that a request may take: the subscription's ack deadline, in milliseconds. */
  deadlineMs: number;
  /** Requests under way at a time, however well they go. Default: as many as Pub/Sub's window has. */
  mostAtOnce?: number;
  log(line: string): void;
}

/** Pause after the service did not answer, in milliseconds. */
const outageMs = 500;

/** Pushes the messages of one subscription at the rate at which Pub/Sub would. */
export class Pusher {
  readonly #options: PusherOptions;
  readonly #stopped = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  #pace: PushPace = firstPace;
  #backoffUntil = 0;
  /** Called when something has changed that the loop waits for. */
  #wake: () => void = () => {};

  constructor(options: PusherOptions) {
    this.#options = options;
  }

  status(): PushPace & { underWay: number } {
    return { ...this.#pace, underWay: this.#underWay.size };
  }

  /** Resolves once `stop` was called. */
  async run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const room = await this.#room();
      if (signal.aborted) return;
      const deliveries = await this.#pull(room);
      // A push may have failed while the pull waited.
      if (deliveries.length > 0) await this.#backoffOver();
      for (const delivery of deliveries) {
        const pushing = this.#push(delivery).finally(() => {
          this.#underWay.delete(pushing);
          this.#wake();
        });
        this.#underWay.add(pushing);
      }
    }
  }

  /** Requests under way are cut off: their messages come again. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#wake();
    await Promise.allSettled(this.#underWay);
  }

  /** Waits until the backoff is over and the window has room. */
  async #room(): Promise<number> {
    for (;;) {
      await this.#backoffOver();
      const { mostAtOnce = Number.POSITIVE_INFINITY } = this.#options;
      const room = Math.min(mostAtOnce, pushesAtOnce(this.#pace)) - this.#underWay.size;
      if (room > 0 || this.#stopped.signal.aborted) return room;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async #backoffOver(): Promise<void> {
    const { signal } = this.#stopped;
    for (;;) {
      const pauseMs = this.#backoffUntil - performance.now();
      if (pauseMs <= 0 || signal.aborted) return;
      await delay(pauseMs, undefined, { signal }).catch(() => {});
    }
  }

  async #pull(most: number): Promise<Delivery[]> {
    const { source, name, log } = this.#options;
    const { signal } = this.#stopped;
    try {
      return await source.pull(most, signal);
    } catch (error) {
      log(`${name} could not be pulled: ${String(error)}`);
      await delay(outageMs, undefined, { signal }).catch(() => {});
      return [];
    }
  }

  async #push({ ackId, request }: Delivery): Promise<void> {
    const { source, send, deadlineMs, name, log } = this.#options;
    const limit = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(deadlineMs)]);
    let problem: string | null = null;
    try {
      const status = await send(request, limit);
      if (!acknowledges(status)) problem = `it was answered ${status}`;
    } catch (error) {
      problem = String(error);
    }
    if (problem === null) this.#pace = afterSuccess(this.#pace);
    else if (!this.#stopped.signal.aborted) {
      this.#pace = afterFailure(this.#pace);
      const { window, backoffMs } = this.#pace;
      this.#backoffUntil = performance.now() + backoffMs;
      log(`${name}: a push comes again, since ${problem}. Window ${window}, backoff ${backoffMs} ms.`);
    }
    await (problem === null ? source.acknowledge(ackId) : source.refuse(ackId)).catch((error: unknown) =>
      // The ack deadline brings the message again, which costs a repetition and loses nothing.
      log(`${name}: a message could not be settled: ${String(error)}`),
    );
  }
}
