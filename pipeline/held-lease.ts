import { singleFlight } from '@spillway/core/background.ts';
import { begin, type Steps, type Walk, waitFor } from '@spillway/core/steps.ts';
import type { Ports } from './ports/ports.ts';

/** Work under a lease that ended before the work did. What was done until then counts; the next holder goes on. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/**
 * Does work under a lease that is renewed three times in each of its periods while the work goes on.
 * @param work Has to stop once its signal is aborted: somebody else may hold the lease then.
 * @returns Null where another holder has the lease.
 */
export function* underLease<Value>(
  { name, holder, ttlMs }: { name: string; holder: string; ttlMs: number },
  { leases, clock, timers, log }: Pick<Ports, 'leases' | 'clock' | 'timers' | 'log'>,
  work: (lost: AbortSignal) => Steps<Value>,
): Steps<Value | null> {
  let heldSince = clock.now().getTime();
  if (!(yield* waitFor(leases.acquire(name, holder, ttlMs)))) return null;
  const lost = new AbortController();
  const renewal = singleFlight(() => begin(renew()));
  const stop = timers.every(ttlMs / 3, () => {
    if (clock.now().getTime() - heldSince >= ttlMs) lose();
    else void renewal.run();
  });
  try {
    return yield* work(lost.signal);
  } finally {
    stop();
    yield* waitFor(renewal.landed());
  }

  function* renew(): Steps<void> {
    const askedAt = clock.now().getTime();
    try {
      if (yield* waitFor(leases.acquire(name, holder, ttlMs))) heldSince = askedAt;
      else lose();
    } catch (error) {
      // The lease lives on until it ends; the next renewal may go through.
      log.warn({ lease: name, error }, 'A lease could not be renewed.');
    }
  }

  function lose(): void {
    lost.abort(new LeaseLostError(`The lease ${name} ended before the work under it.`));
  }
}

/** The same walk, as long as the lease is held. Throws `LeaseLostError` once it is lost. */
export function whileHeld<Item>(walk: Walk<Item>, lost: AbortSignal): Walk<Item> {
  return (visit) =>
    walk(function* (item) {
      lost.throwIfAborted();
      yield* visit(item);
    });
}
