/**
 * How Pub/Sub pushes messages. The local stack's pusher and the simulator take their constants from here, and routing
 * reckons with them.
 * @see https://cloud.google.com/pubsub/docs/push#receive_push (which answers acknowledge)
 * @see https://cloud.google.com/pubsub/docs/push#delivery_rate (the push window)
 * @see https://cloud.google.com/pubsub/docs/push#push_backoff (the backoff of a whole subscription)
 */

/** Every other answer, and none within the ack deadline, brings the message again. */
const acknowledging: ReadonlySet<number> = new Set([102, 200, 201, 202, 204]);

export function acknowledges(status: number): boolean {
  return acknowledging.has(status);
}

/** Most requests under way at a time. Google names a small number of one digit at the start, and not which. */
const window = {
  first: 3,
  least: 1,
  /** Up to here the window grows exponentially, and linearly beyond. */
  slowStartUntil: 3_000,
  /** Google says only that a failure makes it smaller. Halving is what slow start is paired with: RFC 5681. */
  shrinkBy: 0.5,
} as const;

/** During a backoff Pub/Sub pushes nothing of the subscription. Milliseconds. */
export const pushBackoff = { leastMs: 100, mostMs: 60_000 } as const;

/** The rate at which Pub/Sub pushes one subscription. */
export interface PushPace {
  /** Most requests under way at a time. Fractions add up while it grows linearly. */
  window: number;
  /** The pause after the last failure, in milliseconds; 0 while there is none. */
  backoffMs: number;
}

export const firstPace: PushPace = { window: window.first, backoffMs: 0 };

/**
 * The pace after an acknowledged push. One more for each success doubles the window with every round trip. Half of the
 * backoff is forgotten, so that a subscription with few failures is hardly held up.
 */
export function afterSuccess(pace: PushPace): PushPace {
  const growth = pace.window < window.slowStartUntil ? 1 : 1 / pace.window;
  const backoffMs = pace.backoffMs / 2;
  return { window: pace.window + growth, backoffMs: backoffMs < pushBackoff.leastMs ? 0 : backoffMs };
}

/** The pace after a failure of any kind. Nothing is pushed for `backoffMs` from then on. */
export function afterFailure(pace: PushPace): PushPace {
  const backoffMs = Math.min(pushBackoff.mostMs, Math.max(pushBackoff.leastMs, pace.backoffMs * 2));
  return { window: Math.max(window.least, pace.window * window.shrinkBy), backoffMs };
}

/** Requests that may be under way at a time. */
export function pushesAtOnce(pace: PushPace): number {
  return Math.floor(pace.window);
}
