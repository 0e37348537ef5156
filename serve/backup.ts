import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { hasCode, messageOf } from '@spillway/core/errors.ts';
import { backupDatabase } from '@spillway/pipeline/embedded/backup.ts';
import { jsonOf } from '@spillway/pipeline/embedded/documents.ts';
import { backupStorage } from '@spillway/storage-server/backup.ts';
import { checkStorage } from '@spillway/storage-server/check.ts';
import { secretsFile } from '@spillway/supervisor/secrets.ts';
import { StartError } from '@spillway/supervisor/start-error.ts';
import { z } from 'zod';
import { type DataFolder, dataFolderAt, examineFolder } from './data-folder.ts';
import { explainedStart } from './explained-start.ts';

/** What a backup says of itself, in `backup.json`, which is written last. */
export const backupSchema = z.object({
  format: z.int(),
  /** Of the Spillway that made it. */
  version: z.string(),
  at: z.iso.datetime(),
  /** Objects, with those that can be restored, and their bytes. */
  objects: z.int(),
  bytes: z.int(),
  /** Objects that were deleted for good while it was made, and whatever else was wrong already. */
  problems: z.array(z.string()),
});
export type Backup = z.infer<typeof backupSchema>;
export const backupFormat = 1;
export const backupFile = 'backup.json';

/** What is in a backup, by its name there. */
export function backupContent(folder: string) {
  const { database, storage } = dataFolderAt(folder);
  return { database, storage, secrets: secretsFile(folder), statement: join(folder, backupFile) };
}

/**
 * Copies documents and pictures of a machine into a new folder, while it runs or not. Documents are copied first: every
 * picture that they tell of is there then, unless somebody deletes it, and pictures that come in between become jobs once
 * they are found without one.
 * @param to A folder that is not there yet, or is empty.
 * @throws StartError where it cannot be made. Nothing is left of it then.
 */
export async function backupMachine(
  data: string,
  to: string,
  version: string,
): Promise<Backup & { folder: string }> {
  const folder = dataFolderAt(data);
  if ((await examineFolder(folder)) === 'empty') {
    throw new StartError(`There is no Spillway in ${folder.path}. Name its folder with --data.`);
  }
  const target = await newFolder(to, folder);
  const partial = `${target}.partial`;
  const at = new Date().toISOString();
  try {
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true, mode: 0o700 });
    const content = backupContent(partial);
    await backupDatabase(folder.database, content.database);
    await backupStorage(folder.storage, content.storage);
    await cp(secretsFile(folder.path), content.secrets);
    const { objects, bytes, problems } = await checkStorage(content.storage);
    const backup: Backup = { format: backupFormat, version, at, objects, bytes, problems };
    await writeFile(content.statement, `${JSON.stringify(backup, null, 2)}\n`);
    // A folder that is there is still to be empty: a rename takes the place of one that is, and of no other.
    await rename(partial, target);
    return { ...backup, folder: target };
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw explainedBackup(error, target);
  }
}

/** The path of a folder in which nothing is. */
async function newFolder(to: string, folder: DataFolder): Promise<string> {
  const target = resolve(to);
  const isInStorage = `${target}/`.startsWith(`${folder.storage}/`) || target === folder.path;
  if (isInStorage) throw new StartError(`A backup cannot be made in ${target}, which it would be a part of.`);
  const content = await readdir(target).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw new StartError(
      hasCode(error, 'ENOTDIR')
        ? `${target} is a file, and a backup is a folder. Name another.`
        : `${target} cannot be used: ${messageOf(error)}`,
    );
  });
  if (content.length > 0)
    throw new StartError(`${target} is not empty. Name a folder that is not there yet.`);
  return target;
}

function explainedBackup(error: unknown, target: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new StartError(`The disk of ${target} is full. Free some space, or make the backup elsewhere.`);
  }
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') {
    return new StartError(`Nothing may be written to ${dirname(target)}. Name another folder.`);
  }
  return explainedStart(error);
}

/**
 * What a folder says of itself.
 * @throws StartError where it is no backup that this version can read.
 */
export async function readBackup(folder: string): Promise<Backup> {
  const path = resolve(folder);
  const found = await stat(path).catch(() => null);
  if (!found) throw new StartError(`There is no backup in ${path}.`);
  const text = await readFile(join(path, backupFile), 'utf8').catch(() => null);
  const parsed = text === null ? null : backupSchema.safeParse(jsonOf(text));
  if (!parsed?.success) {
    const partial = basename(path).endsWith('.partial') ? ' It was not finished.' : '';
    throw new StartError(`${path} is no whole backup: its ${backupFile} is missing or damaged.${partial}`);
  }
  if (parsed.data.format > backupFormat) {
    throw new StartError(
      `${path} was made by a newer version of Spillway (${parsed.data.version}). Restore it with that version.`,
    );
  }
  return parsed.data;
}
