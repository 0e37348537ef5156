import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatabase } from '@spillway/pipeline/embedded/database.ts';
import { startStorageServer } from '@spillway/storage-server/server.ts';
import { readSecrets } from '@spillway/supervisor/secrets.ts';
import { expect, it } from 'vitest';
import { backupContent, backupMachine } from './backup.ts';
import { claimFolder, dataFolderAt, makeFolder } from './data-folder.ts';
import { takeFolder } from './folder-lock.ts';
import { restoreMachine } from './restore.ts';
import { emptyFolder, picture } from './testing/empty-folder.ts';

const bucket = 'spillway-uploads';
const names = ['small.txt', 'large.bin'];
/** The larger one has a file of its own. */
const bytesOf = (name: string) => Buffer.alloc(name === 'small.txt' ? 10 : 300_000, name);

/** The data of a machine with two objects, and a folder beside it. */
async function machine() {
  const place = await emptyFolder();
  const folder = dataFolderAt(join(place, 'data'));
  await makeFolder(folder);
  await claimFolder(folder);
  const secrets = await readSecrets(folder.path);
  (await openDatabase(folder.database)).close();
  const storage = await startStorageServer({ dataDir: folder.storage });
  await fetch(`${storage.url}/storage/v1/b`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: bucket }),
  });
  for (const name of names) {
    const address = `${storage.url}/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${name}`;
    await fetch(address, { method: 'POST', body: bytesOf(name) });
  }
  const backup = (to = 'backup') => backupMachine(folder.path, join(place, to), '1.2.3');
  const restore = (to = 'other', replace = false) =>
    restoreMachine(join(place, 'backup'), join(place, to), replace);
  return { place, folder, secrets, storage, backup, restore };
}

async function contentOf(data: string): Promise<Record<string, string>> {
  const storage = await startStorageServer({ dataDir: dataFolderAt(data).storage });
  try {
    const contents = names.map(async (name) => {
      const answer = await fetch(`${storage.url}/storage/v1/b/${bucket}/o/${name}?alt=media`);
      return [name, await answer.text()] as const;
    });
    return Object.fromEntries(await Promise.all(contents));
  } finally {
    await storage.close();
  }
}

const whole = Object.fromEntries(names.map((name) => [name, bytesOf(name).toString()]));

it('brings back what was there, with its secrets, while the machine goes on', async () => {
  const { place, folder, secrets, storage, backup, restore } = await machine();
  const made = await backup();
  expect(made).toMatchObject({ version: '1.2.3', objects: 2, bytes: 300_010, problems: [] });
  expect((await stat(join(place, 'backup'))).mode & 0o777).toBe(0o700);
  // What happens after a backup is not in it.
  await fetch(`${storage.url}/storage/v1/b/${bucket}/o/large.bin`, { method: 'DELETE' });
  await storage.close();

  const restored = await restore();
  expect(restored).toMatchObject({ folder: join(place, 'other'), before: null });
  expect(await contentOf(join(place, 'other'))).toEqual(whole);
  expect(await readSecrets(join(place, 'other'))).toEqual(secrets);
  expect((await stat(join(place, 'other/secrets.json'))).mode & 0o777).toBe(0o600);

  const replaced = await restore('data', true);
  expect(await contentOf(folder.path)).toEqual(whole);
  expect((await readdir(replaced.before ?? '')).sort()).toEqual(
    expect.arrayContaining(['secrets.json', 'spillway.db', 'storage']),
  );
});

it('is not made where something is, nor into what it copies', async () => {
  const { place, folder, storage, backup } = await machine();
  await writeFile(join(place, 'file'), '');
  await mkdir(join(place, 'full/x'), { recursive: true });
  await expect(backup('file')).rejects.toThrow('file is a file, and a backup is a folder');
  await expect(backup('full')).rejects.toThrow('full is not empty');
  await expect(backup('data/storage/backup')).rejects.toThrow('which it would be a part of');
  await expect(backupMachine(join(place, 'nowhere'), join(place, 'b'), '1')).rejects.toThrow(
    'There is no Spillway in',
  );
  await storage.close();
  await rm(folder.storage, { recursive: true });
  await expect(backup()).rejects.toThrow();
  expect((await readdir(place)).sort()).toEqual(['data', 'file', 'full']);
});

it('is not brought back over a Spillway that is there or runs, nor over anything else', async () => {
  const { place, folder, storage, backup, restore } = await machine();
  await backup();
  await storage.close();
  await writeFile(join(place, 'full'), '');
  await expect(restore('data')).rejects.toThrow('holds a Spillway already');
  await expect(restore('full')).rejects.toThrow('is a file');
  await expect(restore('.', true)).rejects.toThrow("holds other things than Spillway's");
  const giveBack = await takeFolder(folder);
  const before = await picture(folder.path);
  await expect(restore('data', true)).rejects.toThrow('is used by another process');
  expect(await picture(folder.path)).toEqual(before);
  giveBack();
});

it.each<[what: string, damage: (folder: string) => Promise<unknown>, sentence: string]>([
  ['is missing', (folder) => rm(folder, { recursive: true }), 'There is no backup in'],
  [
    'was not finished',
    (folder) => rm(backupContent(folder).statement),
    'is no whole backup: its backup.json is missing or damaged',
  ],
  [
    'is of a newer version',
    async (folder) => {
      const { statement } = backupContent(folder);
      const text = await readFile(statement, 'utf8');
      await writeFile(statement, text.replace('"format": 1', '"format": 2'));
    },
    'was made by a newer version of Spillway (1.2.3)',
  ],
  [
    'has a picture with other bytes',
    async (folder) => {
      const blobs = join(backupContent(folder).storage, 'blobs');
      const [name = ''] = await readdir(blobs);
      const bytes = await readFile(join(blobs, name));
      bytes[1_000] = 0;
      // A link would lead to the machine's own file.
      await rm(join(blobs, name));
      await writeFile(join(blobs, name), bytes);
    },
    'The backup is damaged, and nothing was restored. gs://spillway-uploads/large.bin',
  ],
  [
    'has lost a picture',
    (folder) => rm(join(backupContent(folder).storage, 'blobs'), { recursive: true }),
    'has lost its bytes',
  ],
  [
    'has a damaged database',
    (folder) => writeFile(backupContent(folder).database, 'no database at all'),
    'is no database',
  ],
])('a backup that %s is refused, and nothing is left of it', async (_, damage, sentence) => {
  const { place, storage, backup, restore } = await machine();
  await backup();
  await storage.close();
  await damage(join(place, 'backup'));
  await mkdir(join(place, 'other'));
  await expect(restore()).rejects.toThrow(sentence);
  expect(await readdir(join(place, 'other'))).toEqual([]);
});

it('a picture that was deleted while the backup was made does not keep the rest from coming back', async () => {
  const { place, folder, storage, backup, restore } = await machine();
  await storage.close();
  // As a deletion leaves it between the copy of the records and that of the bytes.
  await rm(join(folder.storage, 'blobs'), { recursive: true });
  await mkdir(join(folder.storage, 'blobs'));
  const { problems } = await backup();
  expect(problems).toEqual([expect.stringContaining('large.bin')]);
  await restore();
  expect((await contentOf(join(place, 'other')))['small.txt']).toBe(whole['small.txt']);
});
