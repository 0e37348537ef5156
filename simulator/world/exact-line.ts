import type { Backlog, Stored } from '@spillway/pipeline/ports/jobs.ts';
import type { Clock } from '@spillway/pipeline/ports/ports.ts';

/** A job that was given to a worker is claimed or left within this time. Milliseconds. */
const claimedWithinMs = 1_000;
/** So far a look goes behind jobs that were just given to others. */
const most = 2_000;

/** The line as one dispatcher would keep it: each look gives the first job that was given to nobody else, and no other. */
export function exactLine(backlog: Backlog, clock: Clock): Backlog {
  const given = new Map<string, number>();
  return {
    ...backlog,
    heads(_lanes, _limit, from) {
      const now = clock.now().getTime();
      const waiting = backlog.heads({ of: 1, numbers: [0] }, most, from) as Stored[];
      const first = waiting.find(
        ({ job }) => now - (given.get(job.id) ?? Number.NEGATIVE_INFINITY) > claimedWithinMs,
      );
      if (first) given.set(first.job.id, now);
      return first ? [first] : [];
    },
  };
}
