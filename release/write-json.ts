import { writeFile } from 'node:fs/promises';

/** Writes a value as npm writes its files. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}
