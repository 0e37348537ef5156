import type { SQLInputValue, StatementSync } from 'node:sqlite';
import type { SideLedger, Target } from '@spillway/core/job.ts';
import { countedSchema } from '@spillway/core/rollups/rollup.ts';
import { endStates } from '@spillway/core/rollups/tally.ts';
import { disorderAround } from '@spillway/core/routing/waiting.ts';
import type { RoutingSums, Stored } from '../ports/jobs.ts';
import { type JobTable, readColumns, versionOf } from './job-table.ts';
import { ofOwnerBefore, waitingBefore, waitingOn } from './tables/work-sums.ts';

const open = `state IN ('queued', 'processing')`;
const queuedOnVm = `state = 'queued' AND target = 'vm'`;

/**
 * Sums and counts over the job documents. What waits is added up by intervals (see `tables/work-sums.ts`), so that no sum
 * reads more where thousands wait; what was created after a job, which is little, is then taken off.
 */
export function createRoutingSums({ database, list }: JobTable): RoutingSums {
  const claimed = work(`state = 'processing' AND target = ? AND seq <> ?`);
  const before = database.prepare(waitingBefore);
  const itself = work(`${queuedOnVm} AND turn_at < ? AND seq = ?`);
  const beside = work(`${queuedOnVm} AND turn_at BETWEEN ? AND ? AND seq < ?`);
  const waiting = database.prepare(waitingOn);
  const claimedOn = work(`state = 'processing' AND target = ?`);
  const openOnRunSince = work(`target = 'run' AND ${open} AND seq >= ?`);
  const ownersBefore = database.prepare(ofOwnerBefore);
  const ownersSince = work(
    `deleted_at IS NULL AND owner IS ? AND seq >= ? AND target = 'vm' AND ${open} AND deadline_at <= ?`,
    'work_us',
    'jobs_owner',
  );
  const arrived = work('created_at >= ?', 'vm_work_us');
  const arrivedOf = work('operation = ? AND created_at >= ? AND created_at < ?', 'vm_work_us');
  const ended = `ended_at IS NOT NULL AND target = ? AND state = ?`;
  const succeeded = database.prepare(`SELECT count(*) AS jobs FROM jobs WHERE ${ended} AND ended_at >= ?`);
  const endedWithin = database.prepare(
    `SELECT count(*) AS jobs FROM jobs WHERE ${ended} AND ended_at >= ? AND ended_at < ?`,
  );
  const failed = database.prepare(
    `SELECT ${readColumns} FROM jobs WHERE ${ended} AND ended_at >= ? AND may_pass = 1 ORDER BY ended_at`,
  );
  const spent = database.prepare(
    `SELECT total(picodollars) AS picodollars FROM jobs WHERE target = 'run' AND decided_at > ? AND decided_at <= ?`,
  );
  const inBatch = database.prepare(
    'SELECT count(*) AS jobs FROM jobs WHERE batch = ? AND operation = ? AND seq < ?',
  );
  const nobody = -1;

  function ledger(stored: Stored, turnAt: Date) {
    const { seq } = versionOf(stored);
    const [from, to] = disorderAround(turnAt).map((time) => time.getTime()) as [number, number];
    const earlier = minus(sum(before, from, 'vm'), sum(itself, from, seq));
    const openOnRun = plus(sum(waiting, 'run'), sum(claimedOn, 'run'));
    return {
      vm: { running: sum(claimed, 'vm', seq), ahead: plus(earlier, sum(beside, from, to, seq)) },
      run: minus(openOnRun, sum(openOnRunSince, seq)),
    };
  }

  function ownerAheadMs(stored: Stored): number {
    const { owner, deadlineAt } = stored.job;
    const [, to] = disorderAround(deadlineAt);
    const all = sum(ownersBefore, to.getTime() + 1, owner);
    return minus(all, sum(ownersSince, owner, versionOf(stored).seq, to.getTime())).workMs;
  }

  return {
    ledger: (stored, turnAt) => snapshot(() => ledger(stored, turnAt)),
    ledgerInTurn(stored, turnAfter) {
      return snapshot(() => {
        const turnAt = turnAfter(ownerAheadMs(stored));
        return { turnAt, ledger: ledger(stored, turnAt) };
      });
    },
    besideLine: () =>
      snapshot(() => ({
        running: sum(claimedOn, 'vm'),
        run: plus(sum(waiting, 'run'), sum(claimedOn, 'run')),
      })),
    ownerAhead: (stored) => snapshot(() => ownerAheadMs(stored)),
    ownerOpen(owner, deadlineAt) {
      const [, to] = disorderAround(deadlineAt);
      return read(() => sum(ownersBefore, to.getTime() + 1, owner).workMs);
    },
    running: () => snapshot(() => ({ vm: sum(claimed, 'vm', nobody), run: sum(claimed, 'run', nobody) })),
    waitingBefore: (target, turnAt) => read(() => sum(before, turnAt.getTime(), target)),
    arrivedSince: (since) => read(() => sum(arrived, since.getTime())),
    arrivedOf: (operation, from, to) => read(() => sum(arrivedOf, operation, from.getTime(), to.getTime())),
    succeededSince: (target: Target, since) =>
      read(() => Number(succeeded.get(target, 'succeeded', since.getTime())?.jobs)),
    failedSince: (target, since, limit) =>
      read(() => list(failed, [target, 'failed', since.getTime()], limit).map(({ job }) => job)),
    endedWithin: (from, until) =>
      read(() =>
        countedSchema.parse(
          Object.fromEntries(
            endStates.map((state) => {
              const on = (target: Target) =>
                Number(endedWithin.get(target, state, from.getTime(), until.getTime())?.jobs);
              return [state, on('vm') + on('run')];
            }),
          ),
        ),
      ),
    runDollars: (after, until) =>
      read(() => Number(spent.get(after.getTime(), until.getTime())?.picodollars) / 1e12),
    batchBefore: (stored) =>
      read(() => Number(inBatch.get(stored.job.batch, stored.job.operation, versionOf(stored).seq)?.jobs)),
  };

  function work(where: string, column = 'work_us', index: string | null = null): StatementSync {
    const from = index === null ? 'jobs' : `jobs INDEXED BY ${index}`;
    return database.prepare(
      `SELECT count(*) AS jobs, coalesce(sum(${column}), 0) AS work FROM ${from} WHERE ${where}`,
    );
  }

  function read<Result>(action: () => Result): Promise<Result> {
    return database.read('add up jobs', action);
  }

  function snapshot<Result>(action: () => Result): Promise<Result> {
    return database.snapshot('add up jobs', action);
  }
}

function sum(statement: StatementSync, ...parameters: SQLInputValue[]): SideLedger {
  const row = statement.get(...parameters);
  return { jobs: Number(row?.jobs), workMs: Number(row?.work) / 1_000 };
}

function minus(one: SideLedger, other: SideLedger): SideLedger {
  return { jobs: one.jobs - other.jobs, workMs: (microseconds(one) - microseconds(other)) / 1_000 };
}

function microseconds({ workMs }: SideLedger): number {
  return Math.round(workMs * 1_000);
}

function plus(one: SideLedger, other: SideLedger): SideLedger {
  return { jobs: one.jobs + other.jobs, workMs: one.workMs + other.workMs };
}
