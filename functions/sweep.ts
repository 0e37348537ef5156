import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { HttpFunction } from '@google-cloud/functions-framework';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { findLostUploads, sweepOnce } from '@spillway/pipeline/sweep.ts';
import { sweepEveryMs } from '@spillway/pipeline/sweep-loop.ts';

const dayMs = 24 * 3_600_000;
/** An upload whose event is under way must not count as lost, in milliseconds. */
const settledMs = 10 * 60_000;

/** Called by the scheduler every minute: sweeps every few seconds until the next call is near. */
export function createSweepFunction(ports: Ports, forMs: number): HttpFunction {
  const holder = `sweep-function-${randomUUID()}`;
  return async (_request, response) => {
    const until = Date.now() + forMs;
    let sweeps = 0;
    do {
      if (sweeps > 0) await delay(sweepEveryMs);
      await sweepOnce(holder, ports);
      sweeps++;
    } while (Date.now() + sweepEveryMs < until);
    response.json({ sweeps });
  };
}

/** Called by the scheduler every day: lists the uploads of the last two days for objects that never became jobs. */
export function createFindLostFunction(ports: Ports): HttpFunction {
  return async (_request, response) => {
    const now = ports.clock.now().getTime();
    const checked = await findLostUploads(new Date(now - 2 * dayMs), new Date(now - settledMs), ports);
    response.json({ checked });
  };
}
