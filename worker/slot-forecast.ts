/** How far a job in a worker's hands is. Times in milliseconds since 1970, `serviceMs`: how long its slot is kept. */
export type Phase =
  /** It waits for a message, which may never come. */
  | { kind: 'pulling' }
  /** It looks for a job, and fetches its source. */
  | { kind: 'fetching'; readyAt: number; serviceMs: number }
  /** Its source is here, and what its operation needs beside that is not, such as a model. */
  | { kind: 'preparing'; serviceMs: number }
  /** Its slot is not free. */
  | { kind: 'waiting'; readyAt: number; serviceMs: number }
  | { kind: 'working'; since: number; serviceMs: number }
  /** Its result is stored, and its outcome recorded. */
  | { kind: 'storing' };

/** Whether the job has no slot yet. */
export function isAhead({ kind }: Phase): boolean {
  return kind !== 'working' && kind !== 'storing';
}

/** A source that is later than this may be here in a minute, and the next job does not wait for it. Milliseconds. */
const stuckMs = 1_000;

/**
 * Milliseconds until a slot is free that none of these jobs will take. Infinite where that is not known: behind a message
 * that has not come. A job whose source is stuck, or that waits for a model, takes no slot for now.
 * @param patienceMs A source that is later than this is very late.
 */
export function slotFreeInMs(
  phases: readonly Phase[],
  { slots, now, patienceMs }: { slots: number; now: number; patienceMs: number },
): number {
  const ends: number[] = [];
  const ahead: { readyAt: number; serviceMs: number }[] = [];
  for (const phase of phases) {
    switch (phase.kind) {
      case 'pulling':
        ahead.push(unknown);
        break;
      case 'fetching':
        if (now - phase.readyAt <= patienceMs) ahead.push(phase);
        else if (now - phase.readyAt < stuckMs)
          ahead.push({ readyAt: phase.readyAt + stuckMs, serviceMs: 0 });
        break;
      case 'waiting':
        ahead.push(phase);
        break;
      case 'working':
        ends.push(now + leftMs(now - phase.since, phase.serviceMs));
        break;
      case 'preparing':
      case 'storing':
        break;
      default:
        phase satisfies never;
    }
  }
  // Of operations in a slot too many, the last ones to end keep the slots.
  const free = ends.sort((a, b) => a - b).slice(Math.max(0, ends.length - slots));
  while (free.length < slots) free.unshift(now);
  for (const { readyAt, serviceMs } of ahead.sort((a, b) => a.readyAt - b.readyAt)) {
    const slot = free.indexOf(Math.min(...free));
    free[slot] = Math.max(free[slot] ?? now, readyAt) + serviceMs;
  }
  return Math.min(...free) - now;
}

const unknown = { readyAt: Number.POSITIVE_INFINITY, serviceMs: 0 };

/** What is left of an operation that has run for some time. One that takes longer than expected may take long. */
function leftMs(sinceMs: number, expectedMs: number): number {
  return Math.abs(expectedMs - sinceMs);
}
