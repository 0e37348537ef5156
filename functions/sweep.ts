import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { HttpFunction } from '@google-cloud/functions-framework';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { findLostUploads, sweepOnce } from '@spillway/pipeline/sweep.ts';
import { sweepEveryMs } from '@spillway/pipeline/sweep-loop.ts';

const dayMs = 24 * 3_600_000;

/** Called by the scheduler every minute: sweeps every few seconds until the next call is near. */
export function createSweepFunction(ports: Ports, forMs: number): HttpFunction {
  const holder = `sweep-function-${randomUUID()}`;
  return async (_request, response) => {
    const until = Date.now() + forMs;
    let sweeps = 0;
    do {
      if (sweeps > 0) await delay(sweepEveryMs);
      await sweepOnce(holder, ports).catch((error: unknown) =>
        ports.log.warn({ error }, 'A sweep was cut off; the next one goes on.'),
      );
      sweeps++;
    } while (Date.now() + sweepEveryMs < until);
    response.json({ sweeps });
  };
}

/**
 * Called by the scheduler every day: lists the uploads of the last two days for objects that never became jobs.
 * Younger ones than `afterMs` are left to their events, which may be under way.
 */
export function createFindLostFunction(ports: Ports, afterMs: number): HttpFunction {
  return async (_request, response) => {
    const now = ports.clock.now().getTime();
    const made = await findLostUploads(new Date(now - 2 * dayMs), new Date(now - afterMs), ports);
    response.json({ made });
  };
}
