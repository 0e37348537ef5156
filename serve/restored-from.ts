import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataFolder } from './data-folder.ts';

/**
 * Says when a backup was made that was brought back: uploads that came after its documents were copied have no jobs, and
 * are looked for from that time on.
 */
const fileName = 'restored-from.txt';

export function noteRestoring({ path }: DataFolder, backupAt: string): Promise<void> {
  return writeFile(join(path, fileName), backupAt);
}

/** Null where nothing was brought back since the last start that ended in order. */
export async function restoredFromOf({ path }: DataFolder): Promise<Date | null> {
  const text = await readFile(join(path, fileName), 'utf8').catch(() => '');
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? null : at;
}

export function forgetRestoring({ path }: DataFolder): Promise<void> {
  return rm(join(path, fileName), { force: true });
}
