import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BilledOperation } from './record-operations.ts';

/** Arguments with which Node notes down what a program is billed for in a folder. */
export function billingArguments(folder: string): string[] {
  const recorder = new URL('record-operations.ts', import.meta.url);
  recorder.searchParams.set('into', folder);
  return ['--import', recorder.href];
}

/**
 * What all programs have noted down since then, each program's in its order.
 * @param since Milliseconds since 1970.
 */
export async function readBilled(folder: string, since: number): Promise<BilledOperation[]> {
  const names = await readdir(folder);
  const files = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return files.flatMap((text) =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as BilledOperation)
      .filter(({ at }) => at >= since),
  );
}
