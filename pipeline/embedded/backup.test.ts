import { access, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OutageError } from '@spillway/core/errors.ts';
import { expect, it, onTestFinished } from 'vitest';
import { backupDatabase, checkDatabase, stateOf } from './backup.ts';
import { openDatabase } from './database.ts';
import { newestVersion } from './migrations.ts';

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-backup-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

it('a backup is of one moment, while another writes', async () => {
  const folder = await newFolder();
  const path = join(folder, 'spillway.db');
  const database = await openDatabase(path);
  onTestFinished(() => database.close());
  const put = database.prepare('INSERT OR REPLACE INTO documents VALUES (?, ?)');
  const write = (round: number) =>
    database.write('put two documents', () => {
      put.run('one', String(round));
      put.run('other', String(round));
    });
  await write(0);
  const target = join(folder, 'backup.db');
  const backup = backupDatabase(path, target);
  let rounds = 1;
  let isDone = false;
  const writing = (async () => {
    while (!isDone) await write(rounds++);
  })();
  await backup;
  isDone = true;
  await writing;
  checkDatabase(target);
  expect((await readdir(folder)).sort()).toEqual([
    ...['backup.db', 'spillway.db', 'spillway.db-shm', 'spillway.db-wal'],
  ]);
  const copy = new DatabaseSync(target, { readOnly: true });
  onTestFinished(() => copy.close());
  const [one, other] = ['one', 'other'].map(
    (name) => copy.prepare('SELECT document FROM documents WHERE path = ?').get(name)?.document,
  );
  expect(one).toBe(other);
  expect(Number(one)).toBeLessThan(rounds);
});

it('a damaged database gives no backup, and takes none away', async () => {
  const folder = await newFolder();
  const path = join(folder, 'spillway.db');
  const database = await openDatabase(path);
  const put = database.prepare('INSERT OR REPLACE INTO documents VALUES (?, ?)');
  for (let each = 0; each < 100; each++) {
    await database.write('put', () => {
      put.run(String(each), 'x'.repeat(1_000));
    });
  }
  database.close();
  const target = join(folder, 'backup.db');
  await backupDatabase(path, target);
  const good = await readFile(target);
  const bytes = await readFile(path);
  await writeFile(path, bytes.fill(0xa5, bytes.length - 8_192));
  await expect(backupDatabase(path, target)).rejects.toThrow('is damaged');
  expect((await readFile(target)).equals(good)).toBe(true);
  await expect(access(`${target}.partial`)).rejects.toThrow('ENOENT');
  await expect(backupDatabase(path, join(folder, 'none', 'backup.db'))).rejects.toThrow(OutageError);
});

it('says what a start would do with a file', async () => {
  const path = join(await newFolder(), 'spillway.db');
  expect(stateOf(path)).toEqual({ kind: 'missing' });
  await writeFile(path, '');
  expect(stateOf(path)).toEqual({ kind: 'missing' });
  (await openDatabase(path)).close();
  expect(stateOf(path)).toEqual({ kind: 'current' });
  const connection = new DatabaseSync(path);
  connection.exec(`PRAGMA user_version = ${newestVersion - 1}`);
  connection.close();
  expect(stateOf(path)).toEqual({ kind: 'older', version: newestVersion - 1 });
});
