import { constants } from 'node:fs';
import { access, mkdir, readdir, readFile, rename, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { formatBytes } from '@spillway/core/amounts.ts';
import { hasCode, messageOf } from '@spillway/core/errors.ts';
import { jsonOf } from '@spillway/pipeline/embedded/documents.ts';
import { networkFileSystem } from '@spillway/pipeline/embedded/file-check.ts';
import { StartError } from '@spillway/supervisor/start-error.ts';
import { z } from 'zod';

/** Everything that one machine keeps. */
export interface DataFolder {
  path: string;
  database: string;
  storage: string;
  models: string;
  logs: string;
  work: string;
  /** What is made before a migration. */
  backups: string;
  /** How the parts are now. */
  parts: string;
  /** Locked while the folder is in use. */
  lock: string;
}

/** @param path As a person has written it. */
export function dataFolderAt(path: string): DataFolder {
  const folder = resolve(path);
  return {
    path: folder,
    database: join(folder, 'spillway.db'),
    storage: join(folder, 'storage'),
    models: join(folder, 'models'),
    logs: join(folder, 'logs'),
    work: join(folder, 'work'),
    backups: join(folder, 'backups'),
    parts: join(folder, 'parts.json'),
    lock: join(folder, 'in-use.lock'),
  };
}

/** In it, what is restored is checked before it is put in place. */
export const partialFolder = 'restore.partial';

/** Says whose folder it is: it is written before anything else. */
const engineFile = 'engine.json';
/** Of the folder's layout. What is in the database has a version of its own. */
const format = 1;
const engineSchema = z.object({ engine: z.string(), format: z.number().int() });

/** What a new disk, or a file manager, puts into a folder by itself. */
const ofNobody = new Set(['lost+found', '.DS_Store']);
/** What a start leaves that was cut off before it wrote down whose folder it is, and models that were fetched before it. */
const ofUnfinishedStart =
  /^(work|logs|models|in-use[.]lock(-journal)?|engine[.]json[.]new|restore[.]partial)$/;
/** Files by which the folder of `npm start` is known. */
const ofLocalStack = ['stack.json', 'launcher.pid', 'data', 'embedded'];
/** Nothing useful can be done in less. Bytes. */
const leastFree = 64 * 2 ** 20;

/**
 * Looks whether this machine's data can be kept there, and changes nothing.
 * @returns Whether there is a Spillway's data in it.
 * @throws StartError with one sentence or two that say what is wrong and what to do.
 */
export async function examineFolder(folder: DataFolder): Promise<'empty' | 'ours'> {
  const place = await nearestFolder(folder.path);
  requireLocalDisk(folder.path, place);
  const content = place === folder.path ? await contentOf(folder.path) : 'empty';
  await requireWritable([place, ...(content === 'ours' ? [folder.database, folder.storage] : [])]);
  await requireSpace(folder.path, place);
  return content;
}

/** Makes the folder, for its owner alone. */
export async function makeFolder(folder: DataFolder): Promise<void> {
  try {
    await mkdir(folder.path, { recursive: true, mode: 0o700 });
    for (const path of [folder.work, folder.logs]) await mkdir(path, { recursive: true });
  } catch (error) {
    throw new StartError(
      `${folder.path} cannot be made: ${messageOf(error)}. Name another folder with --data.`,
    );
  }
}

/** Writes down whose folder it is, where nobody has. */
export async function claimFolder(folder: DataFolder): Promise<void> {
  const file = join(folder.path, engineFile);
  await writeFile(`${file}.new`, `${JSON.stringify({ engine: 'embedded', format })}\n`);
  await rename(`${file}.new`, file);
}

/** The folder itself, or the one in which it would be made. */
async function nearestFolder(path: string): Promise<string> {
  const found = await stat(path).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return null;
    if (hasCode(error, 'ENOTDIR')) return 'below a file';
    throw new StartError(`${path} cannot be read: ${messageOf(error)}. Name another folder with --data.`);
  });
  if (found === 'below a file' || (found !== null && !found.isDirectory())) {
    throw new StartError(`${path} is a file, or below one: --data names a folder.`);
  }
  return found ? path : nearestFolder(dirname(path));
}

function requireLocalDisk(path: string, place: string): void {
  const network = networkFileSystem(place);
  if (network === null) return;
  throw new StartError(
    `${path} is on a network file system (${network}), where several programs cannot share a database. Name a folder on a disk of this machine with --data.`,
  );
}

async function contentOf(path: string): Promise<'empty' | 'ours'> {
  const names = (await readdir(path).catch((error: unknown) => {
    throw new StartError(`${path} cannot be read: ${messageOf(error)}. Run as the user that it belongs to.`);
  })) as string[];
  if (names.includes(engineFile)) {
    requireOurEngine(path, await readFile(join(path, engineFile), 'utf8'));
    return 'ours';
  }
  const others = names.filter((name) => !ofNobody.has(name) && !ofUnfinishedStart.test(name)).sort();
  if (others.length === 0) return 'empty';
  if (ofLocalStack.some((name) => others.includes(name)) && others.includes('secrets.json')) {
    throw new StartError(
      `${path} is the folder of \`npm start\`, which has other engines. Name another with --data.`,
    );
  }
  const some = others.slice(0, 3).join(', ');
  throw new StartError(
    `${path} holds other things than Spillway's (${some}${others.length > 3 ? ', …' : ''}). Name an empty folder, or a new one, with --data.`,
  );
}

function requireOurEngine(path: string, text: string): void {
  const parsed = engineSchema.safeParse(jsonOf(text));
  if (!parsed.success) {
    throw new StartError(
      `${join(path, engineFile)} does not say whose data this is. Bring the folder back from a backup, or name another with --data.`,
    );
  }
  const { engine, format: found } = parsed.data;
  if (engine !== 'embedded') {
    throw new StartError(
      `${path} holds the data of another engine (${engine.slice(0, 40)}), which this command does not run on. Name another folder with --data.`,
    );
  }
  if (found > format) {
    throw new StartError(
      `${path} is of a newer version of Spillway (its format is ${found}; this one knows ${format}). Start that version, or a newer one.`,
    );
  }
}

async function requireWritable(paths: string[]): Promise<void> {
  for (const path of paths) {
    const problem = await access(path, constants.W_OK).then(
      () => null,
      (error: unknown) => (hasCode(error, 'ENOENT') ? null : error),
    );
    if (problem === null) continue;
    throw new StartError(
      hasCode(problem, 'EROFS')
        ? `${path} is on a file system that is mounted read-only. Mount it for writing, or name another folder with --data.`
        : `${path} is read-only for this user. Make it writable (\`chown\`), run as the user that it belongs to, or name another folder with --data.`,
    );
  }
}

async function requireSpace(path: string, place: string): Promise<void> {
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  if (free >= leastFree) return;
  throw new StartError(
    `The disk of ${path} is full: ${formatBytes(free)} are free, and a start takes ${formatBytes(leastFree)}. Free some space, or name another folder with --data.`,
  );
}
