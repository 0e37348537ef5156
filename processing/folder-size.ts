import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What `stat` counts in, whatever the file system's own blocks. Bytes. */
const blockBytes = 512;

/** Bytes that the files in a folder and below it take on the disk. Files may come and go while they are counted. */
export async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) =>
      stat(join(parentPath, name)).then(
        ({ blocks }) => blocks * blockBytes,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0);
}
