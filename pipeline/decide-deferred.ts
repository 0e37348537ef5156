import type { Job } from '@spillway/core/job.ts';
import {
  type BeforeGroup,
  decideGroup,
  inOrderOfCreation,
  latestTurns,
  type Member,
  queueOf,
} from '@spillway/core/routing/group.ts';
import { decideRoute } from '@spillway/core/routing/policy.ts';
import type { Conditions } from '@spillway/core/routing/question.ts';
import { spanAttributes } from '@spillway/core/spans.ts';
import { begin, type Steps, waitFor, waitForAll, walkThrough } from '@spillway/core/steps.ts';
import { published, type RouteChoice, routed } from '@spillway/core/transitions.ts';
import { candidateOf, readConditions } from './conditions.ts';
import { type ChooseRoute, sendDecided } from './enqueue.ts';
import { whileHeld } from './held-lease.ts';
import { helpEach, type Resting } from './help-each.ts';
import type { GoneThrough } from './pass-over.ts';
import type { Stored } from './ports/jobs.ts';
import type { Ports } from './ports/ports.ts';
import { withSpendingSince } from './spending.ts';
import { tellDecision } from './telemetry/facts.ts';
import { traced } from './telemetry/traced.ts';

/** Jobs that are decided with one reading of the world. */
const groupSize = 200;
/** One sweep begins no further group after this time, because others wait for the sweep too. Milliseconds. */
const longestMs = 2_000;
/** The VMs' line is added up before this number of turns of a group, so that a group costs a handful of reads. */
const mostCuts = 4;

/**
 * Decides the jobs that routers have deferred, those with the earliest deadline first, and publishes them. A group is
 * decided with one reading of the world and one ledger, as if routers had decided its jobs one after another. Called under
 * the sweep's lease. Throws the signal's reason once the lease is lost.
 */
export function* decideDeferred(
  ports: Ports,
  resting: Resting,
  lost: AbortSignal,
  choose: ChooseRoute = decideRoute,
): Steps<GoneThrough> {
  const total: GoneThrough = { done: 0, passedOver: 0 };
  const endsAt = ports.clock.now().getTime() + longestMs;
  let after: Stored | null = null;
  for (;;) {
    lost.throwIfAborted();
    const group: Stored[] = yield* waitFor(ports.backlog.deferred(groupSize, after));
    const { done, passedOver } = yield* decideOneGroup(group, ports, resting, lost, choose);
    total.done += done;
    total.passedOver += passedOver;
    after = group.at(-1) ?? null;
    if (group.length < groupSize || ports.clock.now().getTime() >= endsAt) return total;
  }
}

function* decideOneGroup(
  group: readonly Stored[],
  ports: Ports,
  resting: Resting,
  lost: AbortSignal,
  choose: ChooseRoute,
): Steps<GoneThrough> {
  if (group.length === 0) return { done: 0, passedOver: 0 };
  const choices = yield* choicesFor(group, ports, choose);
  return yield* helpEach(
    whileHeld(walkThrough(group), lost),
    ports,
    (stored) => {
      const choice = choices.get(stored.job.id);
      // Asked for once more, so that what is wrong with the job is thrown where it is helped.
      if (!choice) candidateOf(stored.job);
      return choice ? carryOut(stored, choice, ports) : waitFor(false);
    },
    resting,
  );
}

/** The choices by the jobs' ids, without those of jobs for which nothing can be asked. */
function* choicesFor(
  group: readonly Stored[],
  ports: Ports,
  choose: ChooseRoute,
): Steps<Map<string, RouteChoice>> {
  const members = inOrderOfCreation(group.flatMap(({ job }) => memberOf(job)));
  const firstOf = new Map<string, string>();
  for (const { job } of members) if (!firstOf.has(queueOf(job))) firstOf.set(queueOf(job), job.id);
  const byId = new Map(group.map((stored) => [stored.job.id, stored]));
  const queues = [...firstOf].flatMap(([queue, id]) => {
    const stored = byId.get(id);
    return stored ? [{ queue, stored }] : [];
  });
  const [seen, beside, ...aheadMs] = yield* waitForAll([
    begin(readConditions(ports)),
    ports.sums.besideLine(),
    ...queues.map(({ stored }) => ports.sums.ownerAhead(stored)),
  ]);
  const conditions: Conditions = yield* withSpendingSince({ ...seen, now: ports.clock.now() }, ports);
  const ownerAheadMs = new Map(queues.map(({ queue }, index) => [queue, aheadMs[index] ?? 0]));
  const turns = cutsOf(latestTurns(members, ownerAheadMs, conditions));
  const sums = yield* waitForAll(turns.map((turnAt) => ports.sums.waitingBefore('vm', turnAt)));
  const aheadOf = turns.flatMap((turnAt, index) => {
    const ahead = sums[index];
    return ahead ? [{ turnAt, ahead }] : [];
  });
  const before: BeforeGroup = { ...beside, ownerAheadMs, aheadOf };
  const choices = decideGroup(members, before, conditions, choose);
  return new Map(members.flatMap(({ job }, index) => (choices[index] ? [[job.id, choices[index]]] : [])));
}

function memberOf(job: Job): Member[] {
  try {
    const { turnAt: _, ...candidate } = candidateOf(job);
    return [{ job, candidate }];
  } catch {
    // `helpEach` asks again, and ends the job.
    return [];
  }
}

/** Some of the turns, the earliest among them: jobs in between are decided by the one before. */
function cutsOf(turns: readonly Date[]): Date[] {
  const sorted = turns.toSorted((a, b) => a.getTime() - b.getTime());
  const cuts = Array.from(
    { length: mostCuts },
    (_, part) => sorted[Math.floor((part * sorted.length) / mostCuts)],
  );
  const times = new Set(cuts.flatMap((cut) => (cut ? [cut.getTime()] : [])));
  return [...times].map((time) => new Date(time));
}

function carryOut(stored: Stored, choice: RouteChoice, ports: Ports): Steps<boolean> {
  const attributes = { [spanAttributes.target]: choice.target, [spanAttributes.reason]: choice.reason };
  return traced('route', stored.job, () => writeAndPublish(stored, choice, ports), ports, { attributes });
}

/**
 * One write says that the job is decided and published, and the message follows. A message that is lost with this program
 * is published again like any other that nobody has claimed: this work can wait, and is spared a write. False when somebody
 * else has changed the job since it was read: it was cancelled.
 */
function* writeAndPublish(stored: Stored, choice: RouteChoice, ports: Ports): Steps<boolean> {
  const now = ports.clock.now();
  const written = yield* waitFor(ports.jobs.replace(stored, published(routed(stored.job, choice, now), now)));
  if (!written) return false;
  tellDecision(stored.job, written.job, ports);
  yield* sendDecided(written, ports);
  return true;
}
