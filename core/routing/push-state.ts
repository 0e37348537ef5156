import { z } from 'zod';
import type { Job } from '../job.ts';
import { pushBackoff } from '../push-delivery.ts';
import type { RoutingSettings } from '../settings.ts';
import { mostOverdueMs } from './waiting.ts';

/** A job that waits for this much longer than predicted is held up by the push. Milliseconds. */
const heldUpAfterMs = 1_000;
/** After Cloud Run was seen with all its places taken, its refusals hold up the push for no longer than this. */
const saturatedWithinMs = 2 * pushBackoff.mostMs;

/**
 * What pushes were last seen to bring. Nobody tells a router of Pub/Sub's window and backoff, so they are inferred from
 * jobs that stay unclaimed.
 */
export const pushStateSchema = z.object({
  /** Most jobs under way at a time while others were held up; null where nothing was. */
  window: z.int().min(1).nullable().default(null),
  /** Since when nothing has been under way although jobs wait: the backoff. */
  heldSince: z.coerce.date().nullable().default(null),
  /** When all places of Cloud Run were last seen taken while jobs were held up. */
  saturatedAt: z.coerce.date().nullable().default(null),
});
export type PushState = z.infer<typeof pushStateSchema>;

/** What the sweep sees of Cloud Run. */
export interface PushSigns {
  /** What is published there and unclaimed. */
  line: readonly Job[];
  /** Jobs that are claimed there. */
  running: number;
  /** Whether one has succeeded there since `heldSince`, or an instance has been heard of. */
  taken: boolean;
  settings: RoutingSettings;
}

/** The state after a look at Cloud Run. */
export function observePush(before: PushState, signs: PushSigns, now: Date): PushState {
  const { line, running, taken, settings } = signs;
  const { heldSince, saturatedAt } = before;
  const someWait = mostOverdueMs(line, null, now) > heldUpAfterMs;
  if (running > 0) {
    if (!someWait) return { window: null, heldSince: null, saturatedAt };
    const isFull = running >= placesOf(settings);
    return { window: running, heldSince: null, saturatedAt: isFull ? now : saturatedAt };
  }
  // What waited may have been moved away: that says nothing of the push.
  const lasts = heldSince !== null && !taken && now.getTime() - heldSince.getTime() <= pushBackoff.mostMs;
  if (someWait) return { ...before, heldSince: taken ? now : (heldSince ?? now) };
  return { window: null, heldSince: lasts ? heldSince : null, saturatedAt };
}

/** For how long nothing has been taken since something was to be, in milliseconds. */
export function untakenMs({ heldSince }: PushState, now: Date): number {
  return heldSince === null ? 0 : now.getTime() - heldSince.getTime();
}

/** Requests that Cloud Run takes at a time: jobs that are worked on, fetched or stored there. */
export function placesOf({ run }: RoutingSettings): number {
  return run.maxInstances * run.concurrency;
}

/** Jobs that are under way there at a time, as far as it is known. */
export function pushedAtOnce({ window }: PushState, settings: RoutingSettings): number {
  return Math.min(placesOf(settings), window ?? Number.POSITIVE_INFINITY);
}

/**
 * How long the push will be held up still, in milliseconds. Its pauses double, so one that has lasted for some time is
 * expected to last for as long again, up to the longest.
 */
export function heldForMs({ heldSince }: PushState, now: Date): number {
  if (heldSince === null) return 0;
  const lastedMs = now.getTime() - heldSince.getTime();
  return Math.max(pushBackoff.leastMs, Math.min(lastedMs, pushBackoff.mostMs - lastedMs));
}

/** Whether Cloud Run had no free place lately: what waits there may wait for its refusals to be forgotten. */
export function wasSaturated({ saturatedAt }: PushState, now: Date): boolean {
  return saturatedAt !== null && now.getTime() - saturatedAt.getTime() <= saturatedWithinMs;
}
