import { type Job, type Ledger, noWork, type SideLedger } from '../job.ts';
import type { RouteChoice } from '../transitions.ts';
import { liveVms } from './liveness.ts';
import type { Candidate, Conditions, RoutingQuestion } from './question.ts';
import { slotsOf, spentBy } from './state.ts';
import { disorderAround, turnOf } from './waiting.ts';

/** A deferred job, as its decision needs it. */
export interface Member {
  job: Job;
  candidate: Omit<Candidate, 'turnAt'>;
}

/** What a group finds when it is decided. It is read once, and then kept up to date by the decisions themselves. */
export interface BeforeGroup {
  /** Claimed on the VMs. */
  running: SideLedger;
  /** Open on Cloud Run. */
  run: SideLedger;
  /** Work of an owner that is ahead of the first member of this queue (see `queueOf`), in milliseconds of one slot. */
  ownerAheadMs: ReadonlyMap<string, number>;
  /** What waits for the VMs before these turns, earliest first. A member finds what waits before the last one not after its turn. */
  aheadOf: readonly { turnAt: Date; ahead: SideLedger }[];
}

/** Jobs of one owner and class: only these delay each other, as far as their owner's share of the VMs goes. */
export function queueOf({ owner, class: jobClass }: Job): string {
  return JSON.stringify([owner, jobClass]);
}

/** In the order of creation, in which routers would have decided them. */
export function inOrderOfCreation(members: readonly Member[]): Member[] {
  return members.toSorted(({ job: a }, { job: b }) => {
    const earlier = a.createdAt.getTime() - b.createdAt.getTime();
    return earlier !== 0 ? earlier : a.id < b.id ? -1 : 1;
  });
}

/** The turns that the members would have if all of them went to the VMs: none of them gets a later one. */
export function latestTurns(
  members: readonly Member[],
  ownerAheadMs: ReadonlyMap<string, number>,
  conditions: Conditions,
): Date[] {
  const shares = createShares(ownerAheadMs, conditions);
  return members.map((member) => {
    const turnAt = shares.turnOf(member);
    shares.goesToVms(member, member.job.route.workMs);
    return turnAt;
  });
}

/** A policy, such as `decideRoute`. */
type Choose = (question: RoutingQuestion, job: Job) => RouteChoice;

/**
 * Decides a group as if its members were decided one after another, each of them seeing the decisions before it.
 * @param members In the order of their creation.
 * @returns One choice for each.
 */
export function decideGroup(
  members: readonly Member[],
  before: BeforeGroup,
  conditions: Conditions,
  choose: Choose,
): RouteChoice[] {
  const shares = createShares(before.ownerAheadMs, conditions);
  const onVms: { turnAt: Date; workMs: number }[] = [];
  let { run } = before;
  let { state } = conditions;
  return members.map((member) => {
    const turnAt = shares.turnOf(member);
    const [, to] = disorderAround(turnAt);
    const ahead = onVms
      .filter((other) => other.turnAt <= to)
      .reduce((sum, { workMs }) => plus(sum, workMs), waitingBefore(turnAt, before));
    const ledger: Ledger = { vm: { running: before.running, ahead }, run };
    const choice = choose({ ...conditions, state, ...member.candidate, turnAt, ledger }, member.job);
    state = spentBy(state, choice);
    if (choice.target === 'run') run = plus(run, choice.workMs);
    else {
      onVms.push({ turnAt, workMs: choice.workMs });
      shares.goesToVms(member, choice.workMs);
    }
    return choice;
  });
}

/** What the members' owners have ahead of them on the VMs. */
function createShares(ownerAheadMs: ReadonlyMap<string, number>, { now, workers, settings }: Conditions) {
  const slots = slotsOf(liveVms(workers, settings));
  /** The members that go to the VMs, by their owners and classes. The work before the first is in `ownerAheadMs`. */
  const taken = new Map<string, { deadlineAt: Date; workMs: number }[]>();
  return {
    turnOf({ job, candidate: { deadlineAt } }: Member): Date {
      const queue = queueOf(job);
      const [, to] = disorderAround(deadlineAt);
      const own = (taken.get(queue) ?? []).filter((other) => other.deadlineAt <= to);
      const aheadMs = own.reduce((sum, { workMs }) => sum + workMs, ownerAheadMs.get(queue) ?? 0);
      const { owner, route } = job;
      return turnOf({
        deadlineAt,
        now,
        owner,
        ownerAheadMs: aheadMs,
        serviceMs: route.workMs,
        slots,
        settings,
      });
    },
    goesToVms({ job, candidate: { deadlineAt } }: Member, workMs: number): void {
      const queue = queueOf(job);
      taken.set(queue, [...(taken.get(queue) ?? []), { deadlineAt, workMs }]);
    },
  };
}

function waitingBefore(turnAt: Date, { aheadOf }: BeforeGroup): SideLedger {
  return aheadOf.findLast((each) => each.turnAt <= turnAt)?.ahead ?? noWork;
}

function plus({ jobs, workMs }: SideLedger, more: number): SideLedger {
  return { jobs: jobs + 1, workMs: workMs + more };
}
