import { chmod, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OutageError } from '@spillway/core/errors.ts';
import { expect, it, onTestFinished } from 'vitest';
import { checkBeforeStart } from './backup.ts';
import { type Database, machineClock, openDatabase } from './database.ts';
import { networkFileSystem } from './file-check.ts';
import { newestVersion } from './migrations.ts';

async function newPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-database-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'spillway.db');
}

async function opened(path: string, patienceMs?: number): Promise<Database> {
  const database = await openDatabase(path, machineClock, patienceMs);
  onTestFinished(() => database.close());
  return database;
}

const put = (database: Database, path: string, text: string) =>
  database.write('put a document', () => {
    database.prepare('INSERT OR REPLACE INTO documents VALUES (?, ?)').run(path, text);
  });
const get = (database: Database, path: string) =>
  database.read(
    'get a document',
    () => database.prepare('SELECT document FROM documents WHERE path = ?').get(path)?.document,
  );

/** As another program would. */
function execute(path: string, sql: string): DatabaseSync {
  const connection = new DatabaseSync(path);
  onTestFinished(() => {
    if (connection.isOpen) connection.close();
  });
  connection.exec(sql);
  return connection;
}

it('two connections see what the other wrote, and are told of it', async () => {
  const path = await newPath();
  const [one, other] = await Promise.all([opened(path), opened(path)]);
  const told = new Promise<void>((resolve) => other.changes.listen(resolve));
  await put(one, 'a', '1');
  await told;
  expect(await get(other, 'a')).toBe('1');
});

it('a write that throws has changed nothing', async () => {
  const database = await opened(await newPath());
  const failing = database.write('fail', () => {
    database.prepare(`INSERT INTO documents VALUES ('a', '1')`).run();
    throw new Error('No.');
  });
  await expect(failing).rejects.toThrow('No.');
  expect(await get(database, 'a')).toBeUndefined();
  await put(database, 'a', '2');
  expect(await get(database, 'a')).toBe('2');
});

it.each<[string, RegExp, (path: string) => Promise<unknown>]>([
  [
    'no database',
    /^.* is no database\..* npx spillway restore <backup> --data .* --replace$/,
    (path) => writeFile(path, 'x'.repeat(10_000)),
  ],
  [
    'the database of another program',
    /^.* is the database of another program\. Name another file\.$/,
    async (path) => execute(path, 'CREATE TABLE t (a)').close(),
  ],
  [
    'of a newer version',
    new RegExp(
      `^.* is of a newer version of Spillway \\(${newestVersion + 1}; this one knows ${newestVersion}\\)\\.`,
    ),
    async (path) => {
      (await openDatabase(path)).close();
      execute(path, `PRAGMA user_version = ${newestVersion + 1}`).close();
    },
  ],
])('a file that is %s is said, and left as it is', async (_, sentence, make) => {
  const path = await newPath();
  await make(path);
  const before = await readFile(path);
  await expect(openDatabase(path)).rejects.toMatchObject({
    message: expect.stringMatching(sentence),
    scope: 'service',
  });
  expect((await readFile(path)).equals(before)).toBe(true);
  expect(await readdir(dirname(path))).toEqual(['spillway.db']);
});

it.each<[string, (path: string) => Promise<unknown>]>([
  ['cut', (path) => truncate(path, 40_000)],
  [
    'overwritten',
    async (path) => {
      const bytes = await readFile(path);
      await writeFile(path, bytes.fill(0xa5, 4_096, 8_192));
    },
  ],
])('a file that was %s is found before the start, with the command that restores it', async (_, damage) => {
  const path = await newPath();
  const database = await openDatabase(path);
  for (let each = 0; each < 200; each++) await put(database, `a/${each}`, 'x'.repeat(1_000));
  database.close();
  expect(() => checkBeforeStart(path)).not.toThrow();
  await damage(path);
  const before = await readFile(path);
  const sentence = `The database ${path} is damaged. Stop Spillway and bring back the last backup with: npx spillway restore <backup> --data ${dirname(path)} --replace`;
  expect(() => checkBeforeStart(path)).toThrow(sentence);
  expect((await readFile(path)).equals(before)).toBe(true);
});

it('a page that is found damaged at work is said, and is no outage that may pass', async () => {
  const path = await newPath();
  const database = await openDatabase(path);
  for (let each = 0; each < 200; each++) await put(database, `a/${each}`, 'x'.repeat(1_000));
  database.close();
  const bytes = await readFile(path);
  // All but the first page, which has the names of the tables.
  await writeFile(path, bytes.fill(0xa5, 4_096));
  const damaged = openDatabase(path).then(async (open) => {
    onTestFinished(() => open.close());
    return get(open, 'a/1');
  });
  await expect(damaged).rejects.toMatchObject({
    message: expect.stringContaining('is damaged.'),
    scope: 'service',
  });
});

it('a lock of another program is an outage, and waited for before', async () => {
  const path = await newPath();
  const database = await opened(path, 50);
  const other = execute(path, 'BEGIN IMMEDIATE');
  const writing = put(database, 'a', '1');
  await expect(writing).rejects.toThrow(OutageError);
  await expect(writing).rejects.toThrow(
    `Another program keeps ${path} locked, so Spillway could not put a document.`,
  );
  // What reads is not kept from it.
  expect(await get(database, 'a')).toBeUndefined();
  const patient = await opened(path);
  const waiting = put(patient, 'a', '2');
  other.exec('COMMIT');
  await waiting;
  expect(await get(database, 'a')).toBe('2');
});

it.each([
  ['full', 'PRAGMA max_page_count = 1', /^The disk with .* is full, .*what waits goes on by itself\.$/],
  ['read-only', 'PRAGMA query_only = 1', /is read-only, so Spillway could not put a document\./],
])('a disk that is %s is an outage, and work goes on afterwards', async (_, pragma, sentence) => {
  const database = await opened(await newPath());
  await put(database, 'before', 'x');
  database.prepare(pragma).get();
  const writing = put(database, 'a', 'x'.repeat(1_000_000));
  await expect(writing).rejects.toThrow(OutageError);
  await expect(writing).rejects.toThrow(sentence);
  expect(await get(database, 'before')).toBe('x');
  database.prepare('PRAGMA max_page_count = 1000000').get();
  database.prepare('PRAGMA query_only = 0').get();
  await put(database, 'a', '1');
  expect(await get(database, 'a')).toBe('1');
});

it.skipIf(process.getuid?.() === 0)(
  'a read-only folder is an outage, and said before the start',
  async () => {
    const path = await newPath();
    (await openDatabase(path)).close();
    await chmod(dirname(path), 0o500);
    onTestFinished(() => chmod(dirname(path), 0o700));
    await expect(openDatabase(path)).rejects.toThrow(
      `${dirname(path)} is read-only. Make it writable for the user who runs Spillway.`,
    );
  },
);

it('a file that is missing beside its log is said, and no other is made', async () => {
  const path = await newPath();
  const database = await opened(path);
  await put(database, 'a', '1');
  await rm(path);
  await expect(openDatabase(path)).rejects.toThrow(`${path} is missing, although its log is there.`);
  await writeFile(path, '');
  await expect(openDatabase(path)).rejects.toThrow('npx spillway restore');
  expect((await readFile(path)).length).toBe(0);
});

it('a file that is removed beneath a program that uses it is soon an error for everything', async () => {
  const path = await newPath();
  const database = await opened(path);
  await put(database, 'a', '1');
  await rm(path);
  const reading = async () => {
    try {
      await get(database, 'a');
      return null;
    } catch (error) {
      return error;
    }
  };
  await expect
    .poll(reading, { timeout: 10_000 })
    .toMatchObject({ message: expect.stringContaining('was removed or replaced while'), scope: 'service' });
  await expect(put(database, 'a', '2')).rejects.toThrow('npx spillway restore');
});

it('a folder that is not there is said, and a disk of this machine is no network', async () => {
  const path = await newPath();
  expect(networkFileSystem(dirname(path))).toBeNull();
  await expect(openDatabase(join(path, 'spillway.db'))).rejects.toThrow(`There is no folder ${path}`);
});

it('what is asked of a closed database is an outage, and a watch of it tells nothing', async () => {
  const database = await openDatabase(await newPath());
  database.close();
  await expect(get(database, 'a')).rejects.toThrow(OutageError);
  database.changes.listen(() => expect.fail('It told of a change.'))();
});
