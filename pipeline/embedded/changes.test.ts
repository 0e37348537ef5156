import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { createChanges } from './changes.ts';

it('tells of changes while the database cannot be read, so that those who listen find out why', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-changes-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'spillway.db');
  const connection = new DatabaseSync(path);
  const changes = createChanges(path, connection.prepare('PRAGMA data_version'));
  onTestFinished(() => changes.close());
  connection.close();
  let told = 0;
  changes.listen(() => told++);
  changes.committed();
  await expect.poll(() => told).toBeGreaterThan(0);
});

it('tells of what no file system tells, and of nothing where nothing has changed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-changes-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'spillway.db');
  // Without a log there is nothing to watch: the slow look is what is left.
  const [own, other] = [new DatabaseSync(path), new DatabaseSync(path)];
  const changes = createChanges(path, own.prepare('PRAGMA data_version'));
  onTestFinished(() => {
    changes.close();
    own.close();
    other.close();
  });
  let told = 0;
  changes.listen(() => told++);
  expect(told).toBe(0);
  other.exec('CREATE TABLE t (a)');
  await expect.poll(() => told, { timeout: 10_000 }).toBe(1);
});
