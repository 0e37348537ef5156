import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Replaces a JSON file in one step: a reader, also one after a crash of this process, sees the old or the new value.
 * There is no fsync: a power cut may lose the last writes, which a local server can afford.
 */
export async function writeJson(path: string, value: unknown): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  await writeFile(temporary, JSON.stringify(value));
  await rename(temporary, path);
}

/** Reads every `.json` file of a folder; what a crash left half written under a temporary name is passed over. */
export async function readJsonFolder<T>(folder: string): Promise<{ path: string; value: T }[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  const paths = names.map((name) => join(folder, name));
  const found: { path: string; value: T }[] = [];
  for (const path of paths) found.push({ path, value: JSON.parse(await readFile(path, 'utf8')) as T });
  return found;
}
