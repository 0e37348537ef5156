import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

/** A worker's own folder, in a folder that it may share with others. */
export interface WorkDir {
  readonly path: string;
  /** Makes it, and empties it of what an earlier worker of the same name left when it was killed. */
  prepare(): Promise<void>;
  /** Removes it. Removes the shared folder, too, if this worker made it and it is empty. Never throws. */
  remove(): Promise<void>;
}

export function workDirOf(parent: string, id: string): WorkDir {
  const path = join(parent, id);
  let madeParent = false;
  return {
    path,
    async prepare() {
      const firstMade = await mkdir(path, { recursive: true });
      madeParent = firstMade !== undefined && firstMade !== path;
      // The folder itself stays: a disk may be mounted there.
      const left = await readdir(path);
      await Promise.all(left.map((name) => rm(join(path, name), { recursive: true, force: true })));
    },
    async remove() {
      await rm(path, { recursive: true, force: true }).catch(() => {});
      if (madeParent) await rmdir(parent).catch(() => {});
    },
  };
}
