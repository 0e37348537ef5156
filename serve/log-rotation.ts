import { copyFile, readdir, rename, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';

/** A log is begun again at this size, and this many earlier ones are kept beside it. Bytes. */
const limits = { bytes: 16 * 2 ** 20, earlier: 2 } as const;
const lookEveryMs = 60_000;

/**
 * Keeps the logs of parts from filling the disk. A part writes to the end of its file, wherever that is, so the file is
 * copied and emptied in place: lines that come in between are in neither.
 * @returns What ends it.
 */
export function rotateLogs(folder: string): () => void {
  const timer = setInterval(() => void rotateOnce(folder).catch(() => {}), lookEveryMs);
  return () => clearInterval(timer);
}

/** @param most Bytes. */
export async function rotateOnce(folder: string, most: number = limits.bytes): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.log'));
  for (const name of names) {
    const file = join(folder, name);
    if ((await stat(file)).size < most) continue;
    for (let at = limits.earlier; at > 1; at--) {
      await rename(`${file}.${at - 1}`, `${file}.${at}`).catch(() => {});
    }
    await copyFile(file, `${file}.1`);
    await truncate(file);
  }
}
