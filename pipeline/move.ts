import { spanAttributes } from '@spillway/core/spans.ts';
import { type Steps, waitFor } from '@spillway/core/steps.ts';
import { moved, type RouteChoice } from '@spillway/core/transitions.ts';
import { publish } from './enqueue.ts';
import { ofJob } from './log/of-job.ts';
import type { Stored } from './ports/jobs.ts';
import type { Ports } from './ports/ports.ts';
import { tellDecision } from './telemetry/facts.ts';
import { traced } from './telemetry/traced.ts';

/**
 * Sends a waiting job to the other side, under a new epoch that makes its old message worthless. False when somebody
 * else has changed it since it was read. Throws `OutageError`; a move that was not published is published by the sweep.
 */
export function moveJob(stored: Stored, choice: RouteChoice, ports: Ports): Steps<boolean> {
  const attributes = { [spanAttributes.target]: choice.target, [spanAttributes.reason]: choice.reason };
  return traced('move', stored.job, () => move(stored, choice, ports), ports, { attributes });
}

function* move(stored: Stored, choice: RouteChoice, ports: Ports): Steps<boolean> {
  const next = yield* waitFor(ports.jobs.replace(stored, moved(stored.job, choice, ports.clock.now())));
  if (!next) return false;
  tellDecision(stored.job, next.job, ports);
  yield* publish(next, ports);
  const { target, reason } = choice;
  // The sentence with its figures is in the document. A job may move several times, and a line for each adds up.
  ports.log.info({ ...ofJob(stored.job), target, reason }, 'Moved: the job says why.');
  return true;
}
