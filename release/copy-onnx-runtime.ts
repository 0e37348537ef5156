import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

/**
 * The packages that travel inside ours, instead of being installed beside it.
 *
 * The install script of `onnxruntime-node` downloads CUDA libraries of several hundred megabytes on Linux, and fails
 * where their server cannot be reached. A package cannot turn off the script of its dependency, so ours carries a copy
 * without the script and without the files for Windows.
 */
export const onnxRuntimePackages = ['onnxruntime-common', 'onnxruntime-node'];

/** The library that the binding of each platform loads. */
const libraries: Record<string, string> = {
  'linux/x64': 'libonnxruntime.so.1',
  'linux/arm64': 'libonnxruntime.so.1',
  'darwin/arm64': 'libonnxruntime.1.dylib',
};

/** Copies both packages from one `node_modules` folder to another: what runs, and nothing else. */
export async function copyOnnxRuntime(from: string, to: string): Promise<void> {
  await copyPackage(join(from, 'onnxruntime-common'), join(to, 'onnxruntime-common'), ['dist/cjs']);
  await copyNativePackage(from, to, Object.keys(libraries));
}

async function copyNativePackage(from: string, to: string, platforms: string[]): Promise<void> {
  const native = platforms.flatMap((platform) =>
    ['onnxruntime_binding.node', libraries[platform]].map((file) => `bin/napi-v6/${platform}/${file}`),
  );
  await copyPackage(join(from, 'onnxruntime-node'), join(to, 'onnxruntime-node'), ['dist', ...native]);
}

/** A package as a file that npm installs, such as `onnxruntime-node-1.30.0.tgz`. */
export interface PackedPackage {
  path: string;
  version: string;
  license: string;
  /** What npm checks the file against. */
  integrity: string;
}

/** Where programs are deployed, beside this machine. */
const deployedOn = ['linux/x64', 'linux/arm64'];
const packReportSchema = z.tuple([z.object({ filename: z.string(), integrity: z.string() })]);

/**
 * Packs the copy of `onnxruntime-node` that travels with a deployed program, with the files of Linux and of this machine.
 * @param to A folder for it.
 */
export async function packOnnxRuntime(
  from: string,
  to: string,
  signal?: AbortSignal,
): Promise<PackedPackage> {
  const here = `${process.platform}/${process.arch}`;
  const platforms = Object.keys(libraries).filter((each) => deployedOn.includes(each) || each === here);
  const unpacked = await mkdtemp(join(tmpdir(), 'spillway-onnxruntime-'));
  try {
    await copyNativePackage(from, unpacked, platforms);
    const folder = join(unpacked, 'onnxruntime-node');
    const pack = ['pack', '--json', '--pack-destination', to, folder];
    const { stdout } = await promisify(execFile)('npm', pack, { ...(signal ? { signal } : {}) });
    const [{ filename, integrity }] = packReportSchema.parse(JSON.parse(stdout));
    const { version, license } = packedManifestSchema.parse(
      JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')),
    );
    return { path: join(to, filename), version, license, integrity };
  } finally {
    await rm(unpacked, { recursive: true, force: true });
  }
}

const packedManifestSchema = z.object({ version: z.string(), license: z.string() });

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
