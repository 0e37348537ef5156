import { readFile } from 'node:fs/promises';
import { z } from 'zod';

/** One entry of `packages` in a lock file of version 3: what is read here, and the rest as it is. */
const lockedPackageSchema = z.looseObject({
  version: z.string().optional(),
  dependencies: z.record(z.string(), z.string()).default({}),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
});
const lockSchema = z.object({ packages: z.record(z.string(), lockedPackageSchema) });

export type LockedPackage = z.infer<typeof lockedPackageSchema>;
/** By its place, such as `node_modules/a/node_modules/b`. */
export type LockedPackages = Record<string, LockedPackage>;

export async function readLock(path: string): Promise<LockedPackages> {
  return lockSchema.parse(JSON.parse(await readFile(path, 'utf8'))).packages;
}

/**
 * The packages of a lock file that `names` need, each at the place where Node finds it.
 * @throws Error where the lock file lacks one that is not optional.
 */
export function lockedClosure(lock: LockedPackages, names: string[]): LockedPackages {
  const found: LockedPackages = {};
  const pending = names.map((name) => ({ name, from: '', optional: false }));
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { name, from, optional } = next;
    const place = placeOf(lock, name, from);
    if (place === null && optional) continue;
    if (place === null)
      throw new Error(`${name}, which ${from || 'the command'} needs, is not in the lock file.`);
    const locked = lock[place];
    if (!locked || found[place]) continue;
    found[place] = locked;
    for (const name of Object.keys(locked.dependencies)) pending.push({ name, from: place, optional: false });
    for (const name of Object.keys(locked.optionalDependencies))
      pending.push({ name, from: place, optional: true });
  }
  return found;
}

/** Looks where Node looks: beside `from`, then beside each folder above it. */
function placeOf(lock: LockedPackages, name: string, from: string): string | null {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (lock[place]) return place;
    if (folder === '') return null;
  }
}
