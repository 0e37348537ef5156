import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import type { IndexFile } from './index-file.ts';
import { checkRecordedQueries, recordingArguments } from './recorded-queries.ts';

const run = promisify(execFile);
const client = import.meta.resolve('@google-cloud/firestore');

/** Sends queries to nobody, until three are noted down: that is done when they are sent, not when they are answered. */
const program = `
  import { readdirSync, readFileSync } from 'node:fs';
  import { join } from 'node:path';
  import firestore from ${JSON.stringify(client)};
  const { AggregateField, Firestore } = firestore;
  const jobs = new Firestore({ projectId: 'demo-recorded' }).collection('jobs');
  for (const state of ['queued', 'failed']) jobs.where('state', '==', state).orderBy('createdAt').get().catch(() => {});
  jobs.where('state', '==', 'failed').aggregate({ all: AggregateField.sum('size') }).get().catch(() => {});
  jobs.where('owner', '==', 'ann').onSnapshot(() => {}, () => {});
  const lines = () => readdirSync(process.argv[2]).flatMap((name) =>
    readFileSync(join(process.argv[2], name), 'utf8').split('\\n').filter(Boolean));
  while (lines().length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
  process.exit(0);
`;

async function recordedFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'recorded-queries-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'program.mjs');
  await writeFile(file, program);
  const queries = join(folder, 'queries');
  // Nobody listens on that port.
  const env = { ...process.env, FIRESTORE_EMULATOR_HOST: '127.0.0.1:1', METADATA_SERVER_DETECTION: 'none' };
  await run(process.execPath, [...recordingArguments(queries), file, queries], { env });
  return queries;
}

const index = (...fields: string[]): IndexFile['indexes'][number] => ({
  collectionGroup: 'jobs',
  queryScope: 'COLLECTION',
  fields: fields.map((fieldPath) => ({ fieldPath, order: 'ASCENDING' })),
});

test('a program’s queries, sums and listeners are noted down once a form, and held against the indexes', async () => {
  const folder = await recordedFolder();
  expect(await readdir(folder)).toHaveLength(1);
  const file = { indexes: [index('state', 'createdAt'), index('owner', 'createdAt')], fieldOverrides: [] };
  const report = await checkRecordedQueries(folder, file);
  expect(report).toEqual({
    queries: 3,
    refused: [
      'No index serves collection(jobs) where state == … sum of size, sent by program.mjs. ' +
        'It needs jobs(state ASCENDING, size ASCENDING).',
    ],
    unused: ['jobs(owner ASCENDING, createdAt ASCENDING)'],
  });
  const mended = { ...file, indexes: [index('state', 'createdAt'), index('state', 'size')] };
  expect(await checkRecordedQueries(folder, mended)).toEqual({ queries: 3, refused: [], unused: [] });
});

test('a folder that nobody wrote to has no queries', async () => {
  const report = await checkRecordedQueries('/nowhere', { indexes: [], fieldOverrides: [] });
  expect(report).toEqual({ queries: 0, refused: [], unused: [] });
});
