import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import commandManifest from '../package.json' with { type: 'json' };
import { writeBundle } from './bundle.ts';
import { copyOnnxRuntime, onnxRuntimePackages } from './copy-onnx-runtime.ts';
import { type LockedPackages, lockedClosure, readLock } from './locked-packages.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The file that `npx spillway` runs. */
const starter = 'bin.js';
/** Older versions lack what the package uses. The repository itself brings its own Node, so its workspace states no version. */
const oldestNode = '>=24.14';
const builtInModels = ['captioner', 'salient.onnx'];

/**
 * Writes the npm package `spillway` into `folder`, ready for `npm pack` or `npm publish`.
 *
 * Node strips no types of files below `node_modules`, so the package holds JavaScript. It pins every dependency to the
 * version that the tests ran with (`npm-shrinkwrap.json`).
 */
export async function buildPackage(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const bundle = await writeBundle(join(root, 'cli/spillway.ts'), folder);
  for (const model of builtInModels) {
    await cp(join(root, 'models/built-in', model), join(folder, 'built-in', model), { recursive: true });
  }
  await cp(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  for (const text of ['README.md', 'NOTICE']) await cp(join(root, 'cli', text), join(folder, text));
  await cp(join(root, 'cli/release', starter), join(folder, starter));
  await copyOnnxRuntime(join(root, 'node_modules'), join(folder, 'node_modules'));

  const lock = await readLock(join(root, 'package-lock.json'));
  const dependencies = pinned(
    lock,
    bundle.packages.filter((name) => !onnxRuntimePackages.includes(name)),
  );
  const { name, version, description, keywords, license } = commandManifest;
  const manifest = {
    name,
    version,
    description,
    keywords,
    license,
    type: 'module',
    engines: { node: oldestNode },
    os: ['linux', 'darwin'],
    bin: { spillway: starter },
    files: [starter, ...bundle.files, 'built-in', 'NOTICE', 'npm-shrinkwrap.json'].sort(),
    dependencies: { ...dependencies, ...pinned(lock, onnxRuntimePackages) },
    bundleDependencies: onnxRuntimePackages,
  };
  await writeJson(join(folder, 'package.json'), manifest);
  await writeJson(join(folder, 'npm-shrinkwrap.json'), {
    name,
    version,
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': manifest,
      ...lockedClosure(lock, Object.keys(dependencies)),
    },
  });
}

/** The version that the lock file gives each package. */
function pinned(lock: LockedPackages, names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, lock[`node_modules/${name}`]?.version ?? '']));
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

if (import.meta.main) {
  const folder = join(root, 'cli/dist');
  await buildPackage(folder);
  console.log(`${folder} can be packed and published.`);
}
