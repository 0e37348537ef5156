import { AggregateField, type Query } from '@google-cloud/firestore';
import { isTerminal, type Job, jobStates, type SideLedger, type Target } from '@spillway/core/job.ts';
import { countedSchema } from '@spillway/core/rollups/rollup.ts';
import { type EndState, endStates } from '@spillway/core/rollups/tally.ts';
import { disorderAround } from '@spillway/core/routing/waiting.ts';
import type { RoutingSums, Stored } from '../ports/jobs.ts';
import { type JobCollection, versionOf } from './job-collection.ts';
import { orOutage } from './outages.ts';

const openStates = jobStates.filter((state) => !isTerminal(state));

/**
 * Strongly consistent sums and counts over the job documents. There is no counter that could become wrong.
 */
export function createRoutingSums({ collection: jobs, list }: JobCollection): RoutingSums {
  const onSide = (target: Target) => jobs.where('route.target', '==', target);
  const processing = (target: Target) => onSide(target).where('state', '==', 'processing');
  const waiting = (target: Target) => onSide(target).where('state', '==', 'queued');
  const open = (target: Target) => onSide(target).where('state', 'in', openStates);
  const openOf = (owner: string | null, to: Date) =>
    open('vm').where('owner', '==', owner).where('deadlineAt', '<=', to);

  /** What is claimed on the VMs, and what is open on Cloud Run and was created before. */
  async function besideLine(stored: Stored): Promise<{ running: SideLedger; run: SideLedger }> {
    const { job } = stored;
    const { createTime } = versionOf(stored);
    const [running, run] = await Promise.all([
      sideLedger(inOrder(processing('vm'))),
      sideLedger(open('run').where('createdAt', '<=', createTime)),
    ]);
    // The job itself may match these queries: subtract it.
    const isOpen = !isTerminal(job.state);
    const { target } = job.route;
    return {
      running: without(running, job, target === 'vm' && isOpen && job.state !== 'queued'),
      run: without(run, job, target === 'run' && isOpen),
    };
  }

  /** What waits for the VMs ahead of this turn. */
  async function aheadInLine(stored: Stored, turnAt: Date): Promise<SideLedger> {
    const { job } = stored;
    const { createTime } = versionOf(stored);
    const [from, to] = disorderAround(turnAt);
    const sameTime = waiting('vm').where('route.turnAt', '>=', from).where('route.turnAt', '<=', to);
    const [earlier, beside] = await Promise.all([
      sideLedger(inOrder(waiting('vm').where('route.turnAt', '<', from), 'route.turnAt')),
      sideLedger(inOrder(sameTime.where('createdAt', '<=', createTime), 'route.turnAt')),
    ]);
    const ahead = { jobs: earlier.jobs + beside.jobs, workMs: earlier.workMs + beside.workMs };
    const { target, turnAt: ownTurn } = job.route;
    return without(
      ahead,
      job,
      target === 'vm' && job.state === 'queued' && ownTurn !== null && ownTurn <= to,
    );
  }

  async function ownerAheadMs(stored: Stored): Promise<number> {
    const { job } = stored;
    const { createTime } = versionOf(stored);
    const [, to] = disorderAround(job.deadlineAt);
    const own = openOf(job.owner, to).where('createdAt', '<=', createTime);
    const ahead = await sideLedger(inOrder(own, 'deadlineAt'));
    return without(ahead, job, job.route.target === 'vm' && !isTerminal(job.state)).workMs;
  }

  return {
    async besideLine() {
      const [running, run] = await Promise.all([
        sideLedger(inOrder(processing('vm'))),
        sideLedger(inOrder(open('run'))),
      ]);
      return { running, run };
    },
    ownerAhead: ownerAheadMs,
    async ownerOpen(owner, deadlineAt) {
      const [, to] = disorderAround(deadlineAt);
      return (await sideLedger(inOrder(openOf(owner, to), 'deadlineAt'))).workMs;
    },
    async ledger(stored, turnAt) {
      const [{ running, run }, ahead] = await Promise.all([besideLine(stored), aheadInLine(stored, turnAt)]);
      return { vm: { running, ahead }, run };
    },
    async ledgerInTurn(stored, turnAfter) {
      // Most owners have little ahead, so the line is asked about that turn at the same time, and a second time for others.
      const soonest = turnAfter(0);
      const [{ running, run }, aheadOfSoonest, ownMs] = await Promise.all([
        besideLine(stored),
        aheadInLine(stored, soonest),
        ownerAheadMs(stored),
      ]);
      const turnAt = turnAfter(ownMs);
      const isSoonest = turnAt.getTime() === soonest.getTime();
      const ahead = isSoonest ? aheadOfSoonest : await aheadInLine(stored, turnAt);
      return { turnAt, ledger: { vm: { running, ahead }, run } };
    },
    async running() {
      const [vm, run] = await Promise.all([
        sideLedger(inOrder(processing('vm'))),
        sideLedger(inOrder(processing('run'))),
      ]);
      return { vm, run };
    },
    waitingBefore(target, turnAt) {
      return sideLedger(inOrder(waiting(target).where('route.turnAt', '<', turnAt), 'route.turnAt'));
    },
    arrivedSince(since) {
      return sideLedger(jobs.where('createdAt', '>=', since), 'vmWorkMs');
    },
    arrivedOf(operation, from, to) {
      const within = jobs.where('createdAt', '>=', from).where('createdAt', '<', to);
      return sideLedger(within.where('operation', '==', operation), 'vmWorkMs');
    },
    async succeededSince(target, since) {
      return countOf(onSide(target).where('endedAt', '>=', since).where('state', '==', 'succeeded'));
    },
    async failedSince(target, since, limit) {
      const failed = onSide(target)
        .where('state', '==', 'failed')
        .where('error.retryable', '==', true)
        .where('endedAt', '>=', since);
      return (await list(failed.orderBy('endedAt').limit(limit))).map(({ job }) => job);
    },
    async endedWithin(from, until) {
      const ended = (state: EndState, target: Target) =>
        countOf(
          onSide(target)
            .where('endedAt', '>=', from)
            .where('endedAt', '<', until)
            .where('state', '==', state),
        );
      const counts = await Promise.all(
        endStates.map(async (state) => {
          const [vm, run] = await Promise.all([ended(state, 'vm'), ended(state, 'run')]);
          return [state, vm + run] as const;
        }),
      );
      return countedSchema.parse(Object.fromEntries(counts));
    },
    async runDollars(after, until) {
      const decided = onSide('run').where('route.at', '>', after).where('route.at', '<=', until);
      const sum = decided.aggregate({ dollars: AggregateField.sum('route.dollars') });
      return (await orOutage('Firestore', sum.get(), 'add up jobs')).data().dollars;
    },
    async batchBefore(stored) {
      const { job } = stored;
      const { createTime } = versionOf(stored);
      const sameKind = jobs.where('batch', '==', job.batch).where('operation', '==', job.operation);
      // `createdAt` is cut to the millisecond and the creation time is not, so the query counts the job itself.
      return (await countOf(sameKind.where('createdAt', '<=', createTime))) - 1;
    },
  };
}

/**
 * The order of a query says which index serves it. Without it, Firestore sorts the fields of two ranges by name, and reads
 * every job that was created before; and a sum without one needs an index of its own, which every write of a job pays for.
 */
function inOrder(query: Query, narrow?: string): Query {
  return (narrow === undefined ? query : query.orderBy(narrow)).orderBy('createdAt');
}

async function sideLedger(query: Query, work = 'route.workMs'): Promise<SideLedger> {
  const sums = query.aggregate({ jobs: AggregateField.count(), workMs: AggregateField.sum(work) });
  return (await orOutage('Firestore', sums.get(), 'add up jobs')).data();
}

async function countOf(query: Query): Promise<number> {
  return (await orOutage('Firestore', query.count().get(), 'count jobs')).data().count;
}

function without(sum: SideLedger, { route }: Job, counted: boolean): SideLedger {
  if (!counted) return sum;
  return { jobs: Math.max(0, sum.jobs - 1), workMs: Math.max(0, sum.workMs - route.workMs) };
}
