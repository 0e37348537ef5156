import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import repositoryManifest from '../package.json' with { type: 'json' };
import { writeBundle } from './bundle.ts';
import type { PackedPackage } from './copy-onnx-runtime.ts';
import {
  type LockedPackages,
  lockedClosure,
  lockFileOf,
  pinnedVersions,
  readLock,
} from './locked-packages.ts';
import type { Program } from './programs.ts';
import { writeJson } from './write-json.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/**
 * The runtime of the functions (`runtime` in terraform/functions.tf) and of the images is this release line. Older
 * versions of it lack what the programs use.
 */
export const nodeVersions = '^24.14.0';
const onnxRuntime = 'onnxruntime-node';
/** What the copy of it loads. */
const onnxRuntimeNeeds = ['onnxruntime-common'];

/**
 * Writes a program's folder. `npm ci --omit=dev` in a copy of it, anywhere, makes the program run: `node main.js`, or
 * `functions-framework` for the functions. Node strips no types of files below `node_modules`, so it holds JavaScript.
 * Every package has the version that the tests ran with.
 * @param packed The copy of ONNX Runtime that travels with programs that use it.
 */
export async function buildProgram(program: Program, folder: string, packed: PackedPackage): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const entries = Object.entries(program.entries).map(([name, path]) => [name, join(root, path)]);
  const { packages } = await writeBundle(Object.fromEntries(entries), folder);
  for (const [from, to] of Object.entries(program.files)) {
    // Astro's output has a note of what it was built from.
    const filter = (path: string) => !basename(path).startsWith('.');
    await cp(join(root, from), join(folder, to), { recursive: true, filter });
  }

  if (packages.includes(onnxRuntime)) await cp(packed.path, join(folder, basename(packed.path)));
  const { dependencies, locked } = await lockPackages(packages, packed);
  const manifest = {
    name: `@spillway/${program.name}`,
    version: await readVersion(),
    private: true,
    license: repositoryManifest.license,
    type: 'module',
    main: 'main.js',
    engines: { node: nodeVersions },
    dependencies,
    ...installScripts(locked),
  };
  const { name, version, license, engines } = manifest;
  await writeJson(join(folder, 'package.json'), manifest);
  await writeJson(
    join(folder, 'package-lock.json'),
    lockFileOf({ name, version, license, dependencies, engines }, locked),
  );
}

/** Spillway's version is that of its command. The packages of the repository keep theirs. */
async function readVersion(): Promise<string> {
  const text = await readFile(join(root, 'cli/package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

interface Locked {
  dependencies: Record<string, string>;
  locked: LockedPackages;
}

/** Pins packages to the repository's versions. ONNX Runtime comes as a file beside the program, not from the registry. */
async function lockPackages(packages: string[], packed: PackedPackage): Promise<Locked> {
  const lock = await readLock(join(root, 'package-lock.json'));
  const carries = packages.includes(onnxRuntime);
  const registered = [
    ...packages.filter((name) => name !== onnxRuntime),
    ...(carries ? onnxRuntimeNeeds : []),
  ];
  const address = `file:${basename(packed.path)}`;
  const { version, license, integrity } = packed;
  const entry = { version, resolved: address, integrity, license };
  return {
    dependencies: sorted({
      ...pinnedVersions(lock, registered),
      ...(carries ? { [onnxRuntime]: address } : {}),
    }),
    locked: sorted({
      ...lockedClosure(lock, registered),
      ...(carries ? { [`node_modules/${onnxRuntime}`]: entry } : {}),
    }),
  };
}

/** What the repository decided about install scripts, for the packages that have one. None runs. */
function installScripts(locked: LockedPackages): { allowScripts?: Record<string, boolean> } {
  const decided: Record<string, boolean> = repositoryManifest.allowScripts;
  const withScript = Object.entries(locked).filter(([, { hasInstallScript }]) => hasInstallScript);
  if (withScript.length === 0) return {};
  const names = withScript.map(([place]) =>
    place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length),
  );
  for (const name of names) {
    if (decided[name] !== false)
      throw new Error(`${name} has an install script, which would run where it is deployed.`);
  }
  return { allowScripts: Object.fromEntries(names.map((name) => [name, false])) };
}

function sorted<Value>(record: Record<string, Value>): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).sort(([one], [other]) => one.localeCompare(other, 'en')));
}
