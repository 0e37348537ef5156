import { randomUUID } from 'node:crypto';
import { createReadStream, rmSync, type Stats } from 'node:fs';
import { chmod, constants, copyFile, mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileProblem } from './file-problem.ts';
import { identityOf, lookAt } from './input.ts';
import { openFileNumber, streamLabel } from './standard-stream.ts';

/** The result was made and cannot be stored. The message is a whole sentence. */
export class UnwritableResult extends Error {
  override readonly name = 'UnwritableResult';
}

/** Drafts to remove if a signal ends the command. */
const drafts = new Set<string>();

export function removeDrafts(): void {
  for (const draft of drafts) rmSync(draft, { force: true });
}

/**
 * Stores a result. A new file appears only once it is complete. A file that exists keeps its identity and gets new
 * content: the target of a link, a file with several names, a pipe, a device. An input is never written to.
 * @param inputs Identities (`identityOf`) of the files that are read.
 * @throws UnwritableResult
 */
export async function writeResult(from: string, to: string, inputs: ReadonlySet<string>): Promise<void> {
  try {
    await write(from, to, inputs);
  } catch (error) {
    if (error instanceof UnwritableResult) throw error;
    const problem = fileProblem(error);
    if (problem === null) throw error;
    throw new UnwritableResult(`The result was not written: ${streamLabel(to)} ${problem}.`, {
      cause: error,
    });
  }
}

async function write(from: string, to: string, inputs: ReadonlySet<string>): Promise<void> {
  if (openFileNumber(to) !== null) return await writeThrough(from, to);
  const found = await lookAt(to);
  switch (found.kind) {
    case 'absent':
      await mkdir(dirname(to), { recursive: true });
      return await replace(from, to, null);
    case 'broken link':
      return await writeThrough(from, to);
    case 'problem':
      throw new UnwritableResult(`The result was not written: ${to} ${found.problem}.`);
    case 'found':
      return await overwrite(from, to, found.stats, inputs);
    default:
      return found satisfies never;
  }
}

async function overwrite(from: string, to: string, stats: Stats, inputs: ReadonlySet<string>): Promise<void> {
  const refuse = (reason: string): never => {
    throw new UnwritableResult(`The result was not written: ${to} ${reason}.`);
  };
  if (stats.isFIFO() || stats.isCharacterDevice()) return await writeThrough(from, to);
  if (!stats.isFile()) refuse(stats.isDirectory() ? 'is a folder' : 'is neither a file nor a pipe');
  if (inputs.has(identityOf(stats))) refuse('is an input, which would be lost');
  // Root could write to it, but somebody has taken these rights away on purpose.
  if ((stats.mode & 0o222) === 0) refuse('is write-protected');
  if (stats.nlink > 1 || stats.uid !== process.getuid?.()) return await writeThrough(from, to);
  await replace(from, await realpath(to), stats.mode & 0o7777);
}

/** Writes under another name first, so that the result appears complete and the old file is kept until then. */
async function replace(from: string, to: string, mode: number | null): Promise<void> {
  const draft = join(dirname(to), `.spillway-${randomUUID()}`);
  drafts.add(draft);
  try {
    await copyFile(from, draft, constants.COPYFILE_EXCL);
    if (mode !== null) await chmod(draft, mode);
    await rename(draft, to);
  } finally {
    await rm(draft, { force: true });
    drafts.delete(draft);
  }
}

async function writeThrough(from: string, to: string): Promise<void> {
  const number = openFileNumber(to);
  if (number === 1) return await writeToStandardOutput(from);
  const handle = number === null ? await open(to, 'w') : await open(to, 'a');
  await pipeline(createReadStream(from), handle.createWriteStream());
}

/** Writes to Node's own stream. It is not closed, because other output goes there too. */
async function writeToStandardOutput(from: string): Promise<void> {
  await pipeline(createReadStream(from), process.stdout, { end: false });
}
