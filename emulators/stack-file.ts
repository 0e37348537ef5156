import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type StackFile, stackFileName } from '@spillway/pipeline/stack-file.ts';

/** Writes the file whole or not at all, for its owner alone. */
export async function writeStackFile(directory: string, stack: StackFile): Promise<void> {
  await mkdir(directory, { recursive: true });
  const temporary = join(directory, `${stackFileName}.${randomUUID()}`);
  await writeFile(temporary, `${JSON.stringify(stack, null, 2)}\n`, { mode: 0o600 });
  await rename(temporary, join(directory, stackFileName));
}

export async function removeStackFile(directory: string): Promise<void> {
  await rm(join(directory, stackFileName), { force: true });
}
