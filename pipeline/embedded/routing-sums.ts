import type { SQLInputValue, StatementSync } from 'node:sqlite';
import type { SideLedger, Target } from '@spillway/core/job.ts';
import { disorderAround } from '@spillway/core/routing/waiting.ts';
import type { RoutingSums, Stored } from '../ports/jobs.ts';
import { type JobTable, readColumns, versionOf } from './job-table.ts';

const open = `state IN ('queued', 'processing')`;

/** Sums and counts over the job documents, each by an index that has all that it adds up. */
export function createRoutingSums({ database, list }: JobTable): RoutingSums {
  const claimed = work(`state = 'processing' AND target = ? AND seq <> ?`);
  const earlier = work(`state = 'queued' AND target = ? AND turn_at < ? AND seq <> ?`);
  const beside = work(`state = 'queued' AND target = 'vm' AND turn_at BETWEEN ? AND ? AND seq < ?`);
  const openOnRun = work(`target = 'run' AND ${open} AND seq < ?`);
  const ofOwner = work(`target = 'vm' AND ${open} AND owner IS ? AND deadline_at <= ? AND seq < ?`);
  const arrived = work('created_at >= ?', 'vm_work_us');
  const arrivedOf = work('operation = ? AND created_at >= ? AND created_at < ?', 'vm_work_us');
  const ended = `ended_at IS NOT NULL AND target = ? AND state = ?`;
  const succeeded = database.prepare(`SELECT count(*) AS jobs FROM jobs WHERE ${ended} AND ended_at >= ?`);
  const failed = database.prepare(
    `SELECT ${readColumns} FROM jobs WHERE ${ended} AND ended_at >= ? AND may_pass = 1 ORDER BY ended_at`,
  );
  const spent = database.prepare(
    `SELECT total(picodollars) AS picodollars FROM jobs WHERE target = 'run' AND decided_at >= ?`,
  );
  const inBatch = database.prepare(
    'SELECT count(*) AS jobs FROM jobs WHERE batch = ? AND operation = ? AND seq < ?',
  );
  const nobody = -1;

  function ledger(stored: Stored, turnAt: Date) {
    const { seq } = versionOf(stored);
    const [from, to] = disorderAround(turnAt).map((time) => time.getTime()) as [number, number];
    return {
      vm: {
        running: sum(claimed, 'vm', seq),
        ahead: plus(sum(earlier, 'vm', from, seq), sum(beside, from, to, seq)),
      },
      run: sum(openOnRun, seq),
    };
  }

  function ownerAheadMs(stored: Stored): number {
    const { job } = stored;
    const [, to] = disorderAround(job.deadlineAt);
    return sum(ofOwner, job.owner, to.getTime(), versionOf(stored).seq).workMs;
  }

  return {
    ledger: (stored, turnAt) => snapshot(() => ledger(stored, turnAt)),
    ledgerInTurn(stored, turnAfter) {
      return snapshot(() => {
        const turnAt = turnAfter(ownerAheadMs(stored));
        return { turnAt, ledger: ledger(stored, turnAt) };
      });
    },
    running: () => snapshot(() => ({ vm: sum(claimed, 'vm', nobody), run: sum(claimed, 'run', nobody) })),
    waitingBefore: (target, turnAt) => read(() => sum(earlier, target, turnAt.getTime(), nobody)),
    arrivedSince: (since) => read(() => sum(arrived, since.getTime())),
    arrivedOf: (operation, from, to) => read(() => sum(arrivedOf, operation, from.getTime(), to.getTime())),
    succeededSince: (target: Target, since) =>
      read(() => Number(succeeded.get(target, 'succeeded', since.getTime())?.jobs)),
    failedSince: (target, since, limit) =>
      read(() => list(failed, [target, 'failed', since.getTime()], limit).map(({ job }) => job)),
    runDollarsSince: (since) => read(() => Number(spent.get(since.getTime())?.picodollars) / 1e12),
    batchBefore: (stored) =>
      read(() => Number(inBatch.get(stored.job.batch, stored.job.operation, versionOf(stored).seq)?.jobs)),
  };

  function work(where: string, column = 'work_us'): StatementSync {
    return database.prepare(
      `SELECT count(*) AS jobs, coalesce(sum(${column}), 0) AS work FROM jobs WHERE ${where}`,
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

function plus(one: SideLedger, other: SideLedger): SideLedger {
  return { jobs: one.jobs + other.jobs, workMs: one.workMs + other.workMs };
}
