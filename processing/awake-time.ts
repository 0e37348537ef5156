/**
 * Time that does not count while this process stands still. An instance of Cloud Run gets no processor time between
 * requests, so a limit in wall time would have passed when the next request comes, without any work done.
 * https://cloud.google.com/run/docs/configuring/billing-settings
 */

const tickMs = 250;
/** Between two ticks no more than this counts. A busy machine is late by less, and a frozen one by much more. */
const mostBetweenTicksMs = 1_000;

let awakeBefore = performance.now();
let tickedAt = awakeBefore;
let ticking: NodeJS.Timeout | null = null;

function sinceTick(): number {
  return Math.min(performance.now() - tickedAt, mostBetweenTicksMs);
}

function tick(): void {
  awakeBefore += sinceTick();
  tickedAt = performance.now();
}

/** Milliseconds for which this process has run, until now. From the first call on, standing still is left out. */
export function awakeMs(): number {
  if (!ticking) {
    tick();
    ticking = setInterval(tick, tickMs).unref();
  }
  return awakeBefore + sinceTick();
}

/**
 * Calls `onPassed` once this process has run for `ms` milliseconds more. Unlike `setTimeout` it leaves out the time in
 * which the process stands still.
 * @returns What calls it off.
 */
export function afterAwake(ms: number, onPassed: () => void): () => void {
  const startedAt = awakeMs();
  let timer: NodeJS.Timeout;
  const wait = (leftMs: number): void => {
    timer = setTimeout(() => {
      const left = ms - (awakeMs() - startedAt);
      if (left <= 0) onPassed();
      else wait(left);
    }, leftMs);
  };
  wait(ms);
  return () => clearTimeout(timer);
}
