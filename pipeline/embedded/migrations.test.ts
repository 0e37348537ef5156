import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Job } from '@spillway/core/job.ts';
import { wholeLine } from '@spillway/core/routing/lanes.ts';
import { noon, sampleJob } from '@spillway/core/testing/sample-job.ts';
import { expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../memory/ports.ts';
import { applicationId } from './application-id.ts';
import { checkDatabase } from './backup.ts';
import { openDatabase } from './database.ts';
import { createEmbeddedDocuments } from './document-ports.ts';
import { columnsOf } from './job-table.ts';
import { migrate, migrations, newestVersion, versionOf } from './migrations.ts';

/** A file of an earlier version, with a job that waits, as that version has written it. */
async function fileOf(version: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-migrations-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'spillway.db');
  const connection = new DatabaseSync(path);
  connection.exec(`PRAGMA application_id = ${applicationId}; PRAGMA journal_mode = WAL`);
  migrate(connection, version);
  const reserved = sampleJob({ owner: 'ann', workMs: 300 });
  const job: Job = { ...reserved, route: { ...reserved.route, reason: 'vm_in_time' } };
  const row = { seq: 1, id: job.id, version: 1, created_at: noon.getTime(), updated_at: noon.getTime() };
  const columns = connection.prepare('SELECT name FROM pragma_table_info(?)').all('jobs');
  const known = new Set(columns.map(({ name }) => name));
  const values = Object.entries({ ...row, ...columnsOf(job) }).filter(([name]) => known.has(name));
  connection
    .prepare(`INSERT INTO jobs (${values.map(([name]) => name)}) VALUES (${values.map(() => '?')})`)
    .run(...values.map(([, value]) => value));
  connection.prepare('INSERT INTO open_documents VALUES (1, ?)').run(JSON.stringify(job));
  connection.close();
  return path;
}

function schemaOf(connection: DatabaseSync): unknown[] {
  return connection.prepare('SELECT name, sql FROM sqlite_schema ORDER BY name').all();
}

const earlier = Array.from({ length: newestVersion - 1 }, (_, index) => index + 1);

it.each(earlier)(
  'a file of version %i has the tables of a new one when it was opened, and its jobs',
  async (version) => {
    const path = await fileOf(version);
    const database = await openDatabase(path);
    onTestFinished(() => database.close());
    const { jobs, sums, backlog, feed } = createEmbeddedDocuments(database, silentLog, (_, error) =>
      expect.fail(String(error)),
    );
    expect((await jobs.get(sampleJob().id))?.job.owner).toBe('ann');
    const heads = await backlog.heads(wholeLine, 10);
    expect(heads.map(({ job }) => job.id)).toEqual([sampleJob().id]);
    expect(await feed.countOpen()).toMatchObject({ vm: { queued: 1 } });
    const { job } = (await jobs.create(sampleJob({ id: 'next' }))).stored;
    const last = new Date(job.deadlineAt.getTime() + 60_000);
    expect(await sums.waitingBefore('vm', last)).toEqual({ jobs: 2, workMs: 600 });
    checkDatabase(path);

    const fresh = new DatabaseSync(':memory:');
    migrate(fresh);
    const migrated = new DatabaseSync(path);
    expect(schemaOf(migrated)).toEqual(schemaOf(fresh));
    expect(versionOf(migrated)).toBe(newestVersion);
    migrated.close();
  },
);

it('a migration that fails leaves the file as it was', async () => {
  const path = await fileOf(1);
  const connection = new DatabaseSync(path);
  onTestFinished(() => connection.close());
  // Something is in the way of the last migration.
  connection.exec('CREATE TABLE work_sums (a)');
  const before = schemaOf(connection);
  await expect(openDatabase(path)).rejects.toThrow('already exists');
  expect(schemaOf(connection)).toEqual(before);
  expect(versionOf(connection)).toBe(1);
});

it('programs that start at the same time migrate once', async () => {
  const path = await fileOf(1);
  const opened = await Promise.all([openDatabase(path), openDatabase(path), openDatabase(path)]);
  for (const database of opened) database.close();
  checkDatabase(path);
});

it('no migration is changed that files were made by', () => {
  const made = migrations.map((sql) => createHash('sha256').update(sql).digest('hex').slice(0, 16));
  // A migration that is added here is another line at the end.
  expect(made).toMatchInlineSnapshot(`
    [
      "c1594b956412410e",
      "df564e4cac1265e3",
      "167da4f02185acac",
      "24ffa9c9ccfa2ede",
      "96aa33d4413e6bbd",
      "a635c2f6b67ecc9b",
      "a0ccc9b22554775e",
      "73d5e91df985559c",
      "1364325a67454ab7",
    ]
  `);
});
