import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { zipSync } from 'fflate';

/** The earliest time that a zip file can name, so that the same folder makes the same archive. */
const noTime = new Date(1980, 0, 1);

/** Writes the files of a folder into a zip file, with the folder's content at its top. */
export async function writeArchive(folder: string, archive: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files: Record<string, Uint8Array> = {};
  for (const path of paths.sort()) {
    files[relative(folder, path).split(sep).join('/')] = await readFile(path);
  }
  await writeFile(archive, zipSync(files, { level: 9, mtime: noTime }));
}
