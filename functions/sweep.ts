import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { type Found, findLostUploads } from '@spillway/pipeline/sweep.ts';
import { createSweeper, sweepEveryMs } from '@spillway/pipeline/sweep-loop.ts';
import { z } from 'zod';
import type { FunctionHandler } from './handler.ts';

const dayMs = 24 * 3_600_000;

/** Called by the scheduler every minute. Sweeps every few seconds until the next call is near. */
export function createSweepFunction(ports: Ports, forMs: number): FunctionHandler {
  const sweeper = createSweeper(`sweep-function-${randomUUID()}`, ports);
  return async (_request, response) => {
    const until = Date.now() + forMs;
    let sweeps = 0;
    do {
      if (sweeps > 0) await delay(sweepEveryMs);
      await sweeper
        .sweep()
        .catch((error: unknown) => ports.log.warn({ error }, 'A sweep was cut off; the next one goes on.'));
      sweeps++;
    } while (Date.now() + sweepEveryMs < until);
    await sweeper.settled();
    response.json({ sweeps });
  };
}

/** Longest time that a search looks back, in days. Ten years cover a bucket's whole past. */
const mostDays = 3_650;
const searchSchema = z.object({ days: z.coerce.number().min(0).max(mostDays).default(2) });

/**
 * Called by the scheduler every day. Looks through the uploads of the last two days, or of `?days=`, for objects that
 * never became jobs. Uploads younger than `afterMs` are left out, because their events may be under way.
 */
export function createFindLostFunction(ports: Ports, afterMs: number): FunctionHandler {
  return async (request, response) => {
    const search = searchSchema.safeParse(request.query);
    if (!search.success) {
      response.status(400).json({ problem: `days: a number up to ${mostDays}` });
      return;
    }
    response.json(await searchLostUploads(search.data.days, afterMs, ports));
  };
}

/** Gives jobs to uploads of the last days that have none and are older than `afterMs`, and says how many there were. */
export async function searchLostUploads(days: number, afterMs: number, ports: Ports): Promise<Found> {
  const now = ports.clock.now().getTime();
  const found = await findLostUploads(new Date(now - days * dayMs), new Date(now - afterMs), ports);
  if (found.made > 0)
    ports.log.warn(found, 'Uploads had no jobs, because their events were lost: they have them now.');
  return found;
}
