import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The packages that travel inside ours, instead of being installed beside it.
 *
 * The install script of `onnxruntime-node` downloads CUDA libraries of several hundred megabytes on Linux, and fails
 * where their server cannot be reached. A package cannot turn off the script of its dependency, so ours carries a copy
 * without the script and without the files for Windows.
 */
export const onnxRuntimePackages = ['onnxruntime-common', 'onnxruntime-node'];

/** The library that the binding of each platform loads. */
const libraries = {
  'linux/x64': 'libonnxruntime.so.1',
  'linux/arm64': 'libonnxruntime.so.1',
  'darwin/arm64': 'libonnxruntime.1.dylib',
};

/** Copies both packages from one `node_modules` folder to another: what runs, and nothing else. */
export async function copyOnnxRuntime(from: string, to: string): Promise<void> {
  const native = Object.entries(libraries).flatMap(([platform, library]) =>
    ['onnxruntime_binding.node', library].map((file) => `bin/napi-v6/${platform}/${file}`),
  );
  await copyPackage(join(from, 'onnxruntime-common'), join(to, 'onnxruntime-common'), ['dist/cjs']);
  await copyPackage(join(from, 'onnxruntime-node'), join(to, 'onnxruntime-node'), ['dist', ...native]);
}

/** @param parts Files, and folders whose JavaScript is copied. */
async function copyPackage(from: string, to: string, parts: string[]): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const part of parts) {
    await cp(join(from, part), join(to, part), {
      recursive: true,
      filter: (path) => !/[.](map|ts)$/.test(path),
    });
  }
  const manifest: Record<string, unknown> = JSON.parse(await readFile(join(from, 'package.json'), 'utf8'));
  // The install script is the only user of the other dependencies.
  const { scripts, devDependencies, dependencies, ...kept } = manifest;
  await writeFile(join(to, 'package.json'), `${JSON.stringify(kept, null, 2)}\n`);
}
