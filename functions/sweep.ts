import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { findDueUploads, findUploadsOf, type SearchLimits } from '@spillway/pipeline/find-lost-uploads.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { createSweeper, sweepEveryMs } from '@spillway/pipeline/sweep-loop.ts';
import { z } from 'zod';
import type { FunctionHandler } from './handler.ts';

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

/**
 * Longest time that a search looks back, in days. Ten years cover the whole past of a bucket that Spillway is new to. Where
 * it is not, an upload whose job ended more than 30 days ago has no document any more, and gets a job again.
 */
const mostDays = 3_650;
const searchSchema = z.object({ days: z.coerce.number().min(0).max(mostDays).optional() });

/**
 * Called by the scheduler every hour. Looks for uploads that never became jobs: of the last day, and once a day of the
 * last two weeks; with `?days=`, of so many days. A search that is not through after `forMs` milliseconds is taken up by
 * the next call.
 * @param afterMs Uploads that are younger are left out, because their events may be under way.
 */
export function createFindLostFunction(ports: Ports, afterMs: number, forMs: number): FunctionHandler {
  return async (request, response) => {
    const search = searchSchema.safeParse(request.query);
    if (!search.success) {
      response.status(400).json({ problem: `days: a number up to ${mostDays}` });
      return;
    }
    const until = Date.now() + forMs;
    const limits: SearchLimits = { youngestMs: afterMs, goesOn: () => Date.now() < until };
    const { days } = search.data;
    const found =
      days === undefined ? await findDueUploads(limits, ports) : await findUploadsOf(days, limits, ports);
    response.json(found);
  };
}
