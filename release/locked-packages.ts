import { readFile } from 'node:fs/promises';
import { z } from 'zod';

/** One entry of `packages` in a lock file of version 3: what is read here, and the rest as it is. */
const lockedPackageSchema = z.looseObject({
  version: z.string().optional(),
  hasInstallScript: z.boolean().optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
  peerDependencies: z.record(z.string(), z.string()).optional(),
  peerDependenciesMeta: z.record(z.string(), z.object({ optional: z.boolean().optional() })).optional(),
});
export type LockedPackage = z.infer<typeof lockedPackageSchema>;
/** Entries stay the objects that were read, so that their fields keep the order in which npm writes them. */
const entrySchema = z.custom<LockedPackage>((entry) => lockedPackageSchema.safeParse(entry).success);
const lockSchema = z.object({ packages: z.record(z.string(), entrySchema) });

/** By its place, such as `node_modules/a/node_modules/b`. */
export type LockedPackages = Record<string, LockedPackage>;

export async function readLock(path: string): Promise<LockedPackages> {
  return lockSchema.parse(JSON.parse(await readFile(path, 'utf8'))).packages;
}

/**
 * The version that a lock file gives each package, as `dependencies` of a package.json state it.
 * @throws Error where it lacks one, and where a workspace has a version of its own: a bundle has one for all.
 */
export function pinnedVersions(lock: LockedPackages, names: string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const version = lock[`node_modules/${name}`]?.version;
      if (version === undefined) throw new Error(`${name} is not in the lock file.`);
      const other = Object.keys(lock).find((place) => isOfWorkspace(place, name));
      if (other !== undefined) {
        throw new Error(
          `${name} is in the lock file as ${version} and, in ${other}, as ${lock[other]?.version}: let the workspace take the first.`,
        );
      }
      return [name, version];
    }),
  );
}

/** Whether a package lies in the folder of a workspace, and not beside those that all share. */
function isOfWorkspace(place: string, name: string): boolean {
  const [workspace] = place.split('/node_modules/');
  return !place.startsWith('node_modules/') && place === `${workspace}/node_modules/${name}`;
}

/** A lock file of version 3 for a package with this package.json. */
export function lockFileOf<Manifest extends { name: string; version: string }>(
  manifest: Manifest,
  packages: LockedPackages,
): object {
  const { name, version } = manifest;
  return { name, version, lockfileVersion: 3, requires: true, packages: { '': manifest, ...packages } };
}

/**
 * The packages of a lock file that `names` need, each at the place where Node finds it.
 * @throws Error where the lock file lacks one that is not optional.
 */
export function lockedClosure(lock: LockedPackages, names: string[]): LockedPackages {
  const found: LockedPackages = {};
  const required: Need[] = names.map((name) => ({ name, from: '', mayLack: false, optional: false }));
  // Looked at last, so that a package counts as optional only where nothing else needs it.
  const optional: Need[] = [];
  for (let need = required.pop(); need; need = required.pop() ?? optional.pop()) {
    const place = placeOf(lock, need.name, need.from);
    if (place === null && need.mayLack) continue;
    if (place === null)
      throw new Error(`${need.name}, which ${need.from || 'the program'} needs, is not in the lock file.`);
    const locked = lock[place];
    if (!locked || found[place]) continue;
    found[place] = ofProduction(locked, need.optional);
    for (const [name, mayLack] of neededBy(locked)) {
      const more = { name, from: place, mayLack, optional: mayLack || need.optional };
      (more.optional ? optional : required).push(more);
    }
  }
  return found;
}

interface Need {
  name: string;
  /** The place of the package that needs it. */
  from: string;
  /** Whether the package that needs it does without. */
  mayLack: boolean;
  /** Whether all does without, because it is or belongs to an optional package. */
  optional: boolean;
}

/** npm installs peers too, unless they are marked as optional: those are used where something else needs them. */
function neededBy(locked: LockedPackage): [name: string, mayLack: boolean][] {
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = locked;
  const peers = Object.keys(peerDependencies).filter(
    (name) => !locked.peerDependenciesMeta?.[name]?.optional,
  );
  return [
    ...[...Object.keys(dependencies), ...peers].map((name): [string, boolean] => [name, false]),
    ...Object.keys(optionalDependencies).map((name): [string, boolean] => [name, true]),
  ];
}

/** The entry without what only held where it was read. npm writes plain values before lists and objects. */
function ofProduction(locked: LockedPackage, isOptional: boolean): LockedPackage {
  const { dev, devOptional, peer, optional, ...kept } = locked;
  if (!isOptional) return kept;
  const isPlain = ([, value]: [string, unknown]) => typeof value !== 'object';
  const entries = Object.entries(kept);
  const nested = entries.filter((entry) => !isPlain(entry));
  return Object.fromEntries([...entries.filter(isPlain), ['optional', true], ...nested]);
}

/** Looks where Node looks: beside `from`, then beside each folder above it. */
function placeOf(lock: LockedPackages, name: string, from: string): string | null {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (lock[place]) return place;
    if (folder === '') return null;
  }
}
