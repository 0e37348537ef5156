import type { LaneCount, Lanes } from '@spillway/core/routing/lanes.ts';
import { laneCounts, wholeLine } from '@spillway/core/routing/lanes.ts';
import { type Steps, waitFor } from '@spillway/core/steps.ts';
import { type ClaimAnswer, claimAsRead, claimJob } from '@spillway/pipeline/claim.ts';
import type { Stored } from '@spillway/pipeline/ports/jobs.ts';
import { claimFirstInLine, claimInTurn, type Taker } from '@spillway/pipeline/take-turn.ts';
import { drawDelay } from '@spillway/simulator/jobs.ts';
import { shuffled } from './shuffled.ts';
import type { LineWorld, WayToClaim } from './world.ts';

/** Ways of taking jobs from a line, to compare with what production does. */
export const ways: Record<string, (world: LineWorld) => WayToClaim> = {
  production: () => ({ inTurn: claimInTurn, firstInLine: (taker) => claimFirstInLine(taker) }),
  exact,
  head: () =>
    withoutLanes(function* (taker) {
      return yield* tryEach(yield* heads(taker, wholeLine, 4), taker);
    }),
  window: ({ slots, random }) =>
    withoutLanes(function* (taker) {
      return yield* tryEach(shuffled(yield* heads(taker, wholeLine, 2 * slots), random), taker);
    }),
  'home lanes': homeLanes,
  'fixed lanes': fixedLanes,
};

export function wayNamed(name: string) {
  const way = ways[name];
  if (!way) throw new Error(`There is no way ${name}.`);
  return way;
}

/** The head of the line at the moment of the claim, for one query and one write: what no real database can give. */
function exact({ near, engine, latency, random }: LineWorld): WayToClaim {
  return withoutLanes(function* (taker) {
    yield* waitFor(engine.pause(drawDelay(latency.query, random) + drawDelay(latency.write, random)));
    const [first] = yield* waitFor(near.backlog.heads(wholeLine, 1));
    const answer =
      first &&
      (yield* claimAsRead(first, first.job.route.epoch, { ...taker, ports: { ...taker.ports, ...near } }));
    return answer?.kind === 'claimed' ? answer : null;
  });
}

/** Each VM has a lane, takes from it, and from the lanes behind it where its own is empty. */
function homeLanes({ slots }: LineWorld): WayToClaim {
  const of = lanesFor(slots);
  return withoutLanes(function* (taker) {
    const home = Number(taker.worker.split('-')[1]) % of;
    for (let lane = home; lane < home + of; lane++) {
      const answer = yield* tryEach(yield* heads(taker, { of, numbers: [lane % of] }, 4), taker);
      if (answer) return answer;
    }
    return null;
  });
}

/** A MultiQueue with about half as many lanes as slots: the earliest turn of four lanes at random. */
function fixedLanes({ slots, random }: LineWorld): WayToClaim {
  const of = lanesFor(slots / 2);
  return withoutLanes(function* (taker) {
    const numbers = shuffled(
      Array.from({ length: of }, (_, lane) => lane),
      random,
    ).slice(0, 4);
    return yield* tryEach(yield* heads(taker, { of, numbers }, 4), taker);
  });
}

/** The number of lanes that is closest. */
function lanesFor(wanted: number): LaneCount {
  const apart = (of: number) => Math.abs(Math.log(of / wanted));
  return laneCounts.reduce((best, of) => (apart(of) < apart(best) ? of : best));
}

/** A look that is taken up to three times, and then the job that the message names. */
function withoutLanes(look: (taker: Taker) => Steps<ClaimAnswer | null>): WayToClaim {
  function* firstInLine(taker: Taker): Steps<ClaimAnswer | null> {
    for (let looks = 0; looks < 3; looks++) {
      const answer = yield* look(taker);
      if (answer) return answer;
    }
    return null;
  }
  return {
    firstInLine,
    *inTurn(message, taker) {
      return (yield* firstInLine(taker)) ?? (yield* claimJob(message, taker));
    },
  };
}

function heads(taker: Taker, lanes: Lanes, limit: number): Steps<Stored[]> {
  return waitFor(taker.ports.backlog.heads(lanes, limit)) as Steps<Stored[]>;
}

function* tryEach(found: readonly Stored[], taker: Taker): Steps<ClaimAnswer | null> {
  for (const stored of found) {
    const answer = yield* claimAsRead(stored, stored.job.route.epoch, taker);
    if (answer.kind === 'claimed') return answer;
  }
  return null;
}
