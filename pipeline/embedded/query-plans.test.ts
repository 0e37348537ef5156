import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobFilter } from '@spillway/core/job-filter.ts';
import { sampleJob } from '@spillway/core/testing/sample-job.ts';
import * as transitions from '@spillway/core/transitions.ts';
import { expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../memory/ports.ts';
import { type Database, openDatabase } from './database.ts';
import { createEmbeddedDocuments } from './document-ports.ts';

/**
 * Steps of plans that read all of a table or an index. What they read is bounded by something else than the number of
 * jobs: by the slots, by the limit of a list, by the number of workers, by the ids or the lanes that are asked for.
 */
const bounded = [
  /^SCAN jobs USING COVERING INDEX jobs_claimed$/,
  /^SCAN jobs USING INDEX jobs_run_line$/,
  /^SCAN CONSTANT ROW$/,
  /^SCAN \(subquery-\d+\)$/,
  /^SCAN workers/,
  /^SCAN json_each VIRTUAL TABLE/,
  /^SCAN api_keys USING INDEX api_keys_newest$/,
];
/**
 * Goes down from the newest job until the list is full, or the count at its limit. An admin's filter may pass over jobs on
 * the way: only by what no index is worth its writes for.
 */
const newestJobs =
  /^SELECT .* FROM jobs WHERE deleted_at IS NULL( AND (class|created_at|took_ms|instr\((words|file_name), \?\)) (=|>=|<|>) (\?|0|1))*( AND seq < \? ORDER BY seq DESC| LIMIT \?\))$/s;

it('no query reads all jobs, nor sorts them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-plans-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const opened = await openDatabase(join(folder, 'spillway.db'));
  onTestFinished(() => opened.close());
  const statements = new Set<string>();
  const database: Database = {
    ...opened,
    prepare(sql) {
      statements.add(sql);
      return opened.prepare(sql);
    },
  };
  await useEverything(database);

  const unbounded: string[] = [];
  for (const sql of statements) {
    const steps = opened.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
    for (const { detail } of steps) {
      const step = String(detail);
      const readsAll = step.startsWith('SCAN') && !bounded.some((form) => form.test(step));
      const sorts = step.startsWith('USE TEMP B-TREE');
      if ((readsAll && !newestJobs.test(sql)) || sorts) unbounded.push(`${step}: ${sql}`);
    }
  }
  expect(statements.size).toBeGreaterThan(40);
  expect(unbounded).toEqual([]);
});

/** Every statement is prepared when the ports are made, but those of filters, writes and lines. */
async function useEverything(database: Database): Promise<void> {
  const { jobs, feed } = createEmbeddedDocuments(database, silentLog, (_, error) =>
    expect.fail(String(error)),
  );
  const creation = await jobs.create(sampleJob());
  const changed = { ...creation.stored.job, class: 'bulk', options: {}, batch: 'b', owner: 'o' } as const;
  const replaced = await jobs.replace(creation.stored, transitions.cancelled(changed, new Date()));
  await jobs.replace(
    replaced ?? creation.stored,
    transitions.followed(replaced?.job ?? changed, ['event'], new Date()),
  );
  const all: Required<JobFilter> = {
    owner: 'o',
    upload: 'u',
    batch: 'b',
    operation: 'sketch',
    state: 'succeeded',
    target: 'vm',
    class: 'bulk',
    reason: 'run_vm_late',
    errorCode: 'internal',
    worker: 'vm-1',
    source: 'uploads/sketch/',
    name: { kind: 'words', words: ['cat', 'small'] },
    from: new Date(0),
    to: new Date(),
    atLeastMs: 10_000,
    belowMs: 60_000,
  };
  const filters: JobFilter[] = [{}, all, { ...all, state: 'failed' }];
  for (const [name, value] of Object.entries(all)) filters.push({ [name]: value });
  filters.push({ state: 'succeeded', target: 'run' }, { state: 'failed', operation: 'sketch' });
  filters.push({ name: { kind: 'prefix', prefix: 'cat' } });
  for (const filter of filters) {
    await feed.find(filter, 10, null);
    await feed.count(filter, 10);
  }
}
