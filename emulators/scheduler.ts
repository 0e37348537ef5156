const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/**
 * Calls the scheduled functions as Cloud Scheduler does: the sweep every minute, the search for lost uploads every
 * day, both once at the start. A call that fails is left to the next one. Returns what stops it.
 */
export function startScheduler(addresses: { sweep: string; findLost: string }): () => void {
  const stopping = new AbortController();
  const call = (address: string) => {
    fetch(address, { method: 'POST', signal: stopping.signal }).catch(() => {});
  };
  const timers = [setInterval(call, minuteMs, addresses.sweep), setInterval(call, dayMs, addresses.findLost)];
  call(addresses.sweep);
  call(addresses.findLost);
  return () => {
    stopping.abort();
    for (const timer of timers) clearInterval(timer);
  };
}
