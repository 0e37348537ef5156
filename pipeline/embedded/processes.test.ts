import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleJob } from '@spillway/core/testing/sample-job.ts';
import { expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../memory/ports.ts';
import { checkDatabase } from './backup.ts';
import { openDatabase } from './database.ts';
import { createEmbeddedDocuments } from './document-ports.ts';
import type { Claimed } from './testing/claiming-process.ts';
import type { Answered } from './testing/writing-process.ts';

async function newFile() {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-processes-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'spillway.db');
  const database = await openDatabase(path);
  onTestFinished(() => database.close());
  return {
    path,
    database,
    ...createEmbeddedDocuments(database, silentLog, (item, error) => expect.fail(`${item}: ${error}`)),
  };
}

function start(program: 'writing' | 'claiming', ...parameters: string[]): ChildProcess {
  const child = fork(join(import.meta.dirname, `testing/${program}-process.ts`), parameters);
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

it('of processes that claim the same jobs, one has each', async () => {
  const { path, jobs } = await newFile();
  const ids = Array.from({ length: 60 }, (_, index) => `job-${index}`);
  for (const id of ids) await jobs.create(sampleJob({ id }));
  const names = ['a', 'b', 'c'];
  const children = names.map((name) => start('claiming', path, name));
  const claims = new Map<string, string[]>();
  const all = (what: 'ready' | 'done') =>
    Promise.all(
      children.map(
        (child, index) =>
          new Promise<void>((resolve, reject) => {
            child.on('message', (message: Claimed) => {
              if (what in message) resolve();
              if (what === 'done' && 'id' in message) {
                claims.set(message.id, [...(claims.get(message.id) ?? []), names[index] ?? '']);
              }
            });
            child.on('exit', () => reject(new Error('It has ended.')));
          }),
      ),
    );
  await all('ready');
  const done = all('done');
  for (const child of children) child.send('go');
  await done;
  expect([...claims.keys()].sort()).toEqual(ids.sort());
  for (const [id, claimants] of claims) {
    expect(claimants).toHaveLength(1);
    const read = await jobs.get(id);
    expect(read?.job).toMatchObject({ claim: { worker: claimants[0] }, attempt: 1, revision: 1 });
  }
});

it('a process that is killed at any moment has lost nothing that it was answered, and keeps no lock', async () => {
  const { path, database, jobs, feed } = await newFile();
  const answered = new Map<string, number>();
  for (const [round, answers] of [1, 20, 90].entries()) {
    const child = start('writing', path, `writer-${round}`);
    let count = 0;
    child.on('message', ({ id, revision }: Answered) => {
      answered.set(id, revision);
      if (++count >= answers) child.kill('SIGKILL');
    });
    await once(child, 'exit');
    // Another goes on at once.
    await jobs.create(sampleJob({ id: `after-${round}` }));
  }
  for (const [id, revision] of answered) {
    const read = await jobs.get(id);
    expect(read?.job.revision).toBeGreaterThanOrEqual(revision);
  }
  // What the last write of a process has changed beside the document is there as well, or not either.
  checkDatabase(path);
  const queued = database.prepare(`SELECT count(*) AS jobs FROM jobs WHERE state = 'queued'`).get()?.jobs;
  expect((await feed.countOpen()).vm.queued).toBe(queued);
  expect(
    database
      .prepare(
        'SELECT count(*) AS jobs FROM jobs WHERE seq NOT IN (SELECT seq FROM open_documents UNION SELECT seq FROM ended_documents)',
      )
      .get()?.jobs,
  ).toBe(0);
});
