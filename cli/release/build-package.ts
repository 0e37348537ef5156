import { cp, mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeBundle } from '@spillway/release/bundle.ts';
import { copyOnnxRuntime, onnxRuntimePackages } from '@spillway/release/copy-onnx-runtime.ts';
import { lockedClosure, lockFileOf, pinnedVersions, readLock } from '@spillway/release/locked-packages.ts';
import { buildSiteIfChanged } from '@spillway/release/site-build.ts';
import { writeJson } from '@spillway/release/write-json.ts';
import commandManifest from '../package.json' with { type: 'json' };

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
  await buildSiteIfChanged(root, join(root, '.local/logs'));
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const bundle = await writeBundle({ spillway: join(root, 'cli/spillway.ts') }, folder);
  for (const model of builtInModels) {
    await cp(join(root, 'models/built-in', model), join(folder, 'built-in', model), { recursive: true });
  }
  await cp(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  // Astro's output has a note of what it was built from.
  const filter = (path: string) => !basename(path).startsWith('.');
  await cp(join(root, 'web/dist'), join(folder, 'dist'), { recursive: true, filter });
  for (const text of ['README.md', 'NOTICE']) await cp(join(root, 'cli', text), join(folder, text));
  await cp(join(root, 'cli/release', starter), join(folder, starter));
  await copyOnnxRuntime(join(root, 'node_modules'), join(folder, 'node_modules'));

  const lock = await readLock(join(root, 'package-lock.json'));
  const dependencies = pinnedVersions(
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
    files: [starter, ...bundle.files, 'built-in', 'dist', 'NOTICE', 'npm-shrinkwrap.json'].sort(),
    dependencies: { ...dependencies, ...pinnedVersions(lock, onnxRuntimePackages) },
    bundleDependencies: onnxRuntimePackages,
  };
  await writeJson(join(folder, 'package.json'), manifest);
  const locked = lockedClosure(lock, Object.keys(dependencies));
  await writeJson(join(folder, 'npm-shrinkwrap.json'), lockFileOf(manifest, locked));
}

if (import.meta.main) {
  const folder = join(root, 'cli/dist');
  await buildPackage(folder);
  console.log(`${folder} can be packed and published.`);
}
