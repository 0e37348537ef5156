import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { applicationId } from '@spillway/pipeline/embedded/application-id.ts';
import { stateOf } from '@spillway/pipeline/embedded/backup.ts';
import { openDatabase } from '@spillway/pipeline/embedded/database.ts';
import { migrate } from '@spillway/pipeline/embedded/migrations.ts';
import { startStorageServer } from '@spillway/storage-server/server.ts';
import { expect, it } from 'vitest';
import { claimFolder, type DataFolder, dataFolderAt, makeFolder } from './data-folder.ts';
import { emptyFolder, picture } from './testing/empty-folder.ts';
import { upgradeDatabase } from './upgrade.ts';

/** The data of a machine that has a picture. */
async function machine(): Promise<DataFolder> {
  const folder = dataFolderAt(await emptyFolder());
  await makeFolder(folder);
  await claimFolder(folder);
  (await openDatabase(folder.database)).close();
  const storage = await startStorageServer({ dataDir: folder.storage });
  await fetch(`${storage.url}/storage/v1/b`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'pictures' }),
  });
  const address = `${storage.url}/upload/storage/v1/b/pictures/o?uploadType=media&name=cat.jpg`;
  await fetch(address, { method: 'POST', body: Buffer.alloc(100_000, 'cat') });
  await storage.close();
  return folder;
}

function change(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

const objects = ({ storage }: DataFolder) => join(storage, 'objects.db');

it('takes what is whole', async () => {
  const said: string[] = [];
  await upgradeDatabase(await machine(), '2.0.0', (line) => said.push(line));
  expect(said).toEqual([]);
});

it('copies a database of an earlier version before it changes it, and keeps three of such copies', async () => {
  const folder = await machine();
  await mkdir(folder.backups);
  for (const time of ['20250101T000000Z', '20250102T000000Z', '20250103T000000Z']) {
    await writeFile(join(folder.backups, `before-1.0.0-${time}.db`), '');
  }
  await rm(folder.database);
  const old = new DatabaseSync(folder.database);
  old.exec(`PRAGMA application_id = ${applicationId}; PRAGMA journal_mode = WAL`);
  migrate(old, 1);
  old.close();

  const said: string[] = [];
  await upgradeDatabase(folder, '2.0.0', (line) => said.push(line));
  const copies = (await readdir(folder.backups)).sort();
  expect(copies).toHaveLength(3);
  expect(copies[0]).toBe('before-1.0.0-20250102T000000Z.db');
  expect(said).toEqual([expect.stringContaining(copies[2] ?? '')]);
  expect(stateOf(join(folder.backups, copies[2] ?? ''))).toEqual({ kind: 'older', version: 1 });
  expect(stateOf(folder.database)).toEqual({ kind: 'current' });
});

it.each<[what: string, damage: (folder: DataFolder) => unknown, sentence: RegExp]>([
  [
    'whose documents are gone',
    (folder) => rm(folder.database),
    /spillway[.]db is missing or empty, and the rest of the data is there.* npx spillway restore <backup> --data .* --replace$/,
  ],
  [
    'whose records of pictures are gone',
    (folder) => rm(objects(folder)),
    /objects[.]db is missing or empty, although objects are beside it.* npx spillway restore/,
  ],
  [
    'whose records of pictures are empty',
    (folder) => writeFile(objects(folder), ''),
    /objects[.]db is missing or empty/,
  ],
  [
    'whose records of pictures are something else',
    (folder) => writeFile(objects(folder), 'no database, and not empty'),
    /objects[.]db is damaged, or no database[.] Bring back the last backup/,
  ],
  [
    'whose records of pictures are newer',
    (folder) => change(objects(folder), 'PRAGMA user_version = 1000'),
    /objects[.]db was written by a newer version of Spillway: start that version[.]$/,
  ],
  [
    'whose documents are newer',
    (folder) => change(folder.database, 'PRAGMA user_version = 1000'),
    /spillway[.]db is of a newer version of Spillway/,
  ],
  [
    'into which a restore was cut off',
    (folder) => mkdir(join(folder.path, 'restore.partial')),
    /^A restore into .* was cut off[.] Do it again: npx spillway restore/,
  ],
])('data %s is refused in a sentence, and nothing of it is touched', async (_, damage, sentence) => {
  const folder = await machine();
  await damage(folder);
  const before = (await picture(folder.path)).filter(isContent);
  await expect(upgradeDatabase(folder, '2.0.0', () => {})).rejects.toThrow(sentence);
  expect((await picture(folder.path)).filter(isContent)).toEqual(before);
});

/** To look at a database makes and removes the files in which its processes share their locks, in its folder. */
function isContent(line: string): boolean {
  return !/^\S+-(wal|shm) /.test(line) && !line.startsWith('storage ');
}
