import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type Database, openDatabase } from './database.ts';
import { newestVersion } from './migrations.ts';

let folder = '';
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-database-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const newPath = () => join(folder, `${++files}.db`);

async function opened(path: string): Promise<Database> {
  const database = await openDatabase(path);
  onTestFinished(() => database.close());
  return database;
}

const put = (database: Database, path: string, text: string) =>
  database.write('put a document', () =>
    database.prepare('INSERT OR REPLACE INTO documents VALUES (?, ?)').run(path, text),
  );
const get = (database: Database, path: string) =>
  database.read(
    'get a document',
    () => database.prepare('SELECT document FROM documents WHERE path = ?').get(path)?.document,
  );

it('two connections see what the other wrote, and are told of it', async () => {
  const path = newPath();
  const [one, other] = await Promise.all([opened(path), opened(path)]);
  const told = new Promise<void>((resolve) => other.changes.listen(resolve));
  await put(one, 'a', '1');
  await told;
  expect(await get(other, 'a')).toBe('1');
});

it('a write that throws has changed nothing', async () => {
  const database = await opened(newPath());
  const failing = database.write('fail', () => {
    database.prepare(`INSERT INTO documents VALUES ('a', '1')`).run();
    throw new Error('No.');
  });
  await expect(failing).rejects.toThrow('No.');
  expect(await get(database, 'a')).toBeUndefined();
  await put(database, 'a', '2');
  expect(await get(database, 'a')).toBe('2');
});

it('what is no database, of another program or of a newer version is said and left as it is', async () => {
  const wrong = {
    [newPath()]: { write: (path: string) => writeFile(path, 'x'.repeat(10_000)), says: /is no database/ },
    [newPath()]: { write: (path: string) => execute(path, 'CREATE TABLE t (a)'), says: /another program/ },
    [newPath()]: {
      async write(path: string) {
        (await openDatabase(path)).close();
        execute(path, `PRAGMA user_version = ${newestVersion + 1}`);
      },
      says: /newer version of Spillway/,
    },
  };
  for (const [path, { write, says }] of Object.entries(wrong)) {
    await write(path);
    const before = await readFile(path);
    await expect(openDatabase(path)).rejects.toMatchObject({
      message: expect.stringMatching(says),
      scope: 'service',
    });
    expect((await readFile(path)).equals(before)).toBe(true);
  }
});

function execute(path: string, sql: string): void {
  const connection = new DatabaseSync(path);
  connection.exec(sql);
  connection.close();
}
