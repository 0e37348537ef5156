import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatBytes } from '@spillway/core/amounts.ts';
import { writeArchive } from './archive.ts';
import { BuildError } from './build-error.ts';
import { buildProgram } from './build-program.ts';
import { packOnnxRuntime } from './copy-onnx-runtime.ts';
import { folderBytes } from './folder-bytes.ts';
import { type ProgramName, programNames, programs } from './programs.ts';
import { buildSiteIfChanged } from './site-build.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

export interface BuiltProgram {
  name: ProgramName;
  folder: string;
  bytes: number;
}

/**
 * Writes the folder of every program into `to`, which is the root's `dist` for `npm run build`.
 * @throws BuildError where one is larger than its limit, or the pages cannot be built.
 */
export async function buildPrograms(to: string, signal?: AbortSignal): Promise<BuiltProgram[]> {
  await buildSiteIfChanged(root, join(root, '.local/logs'));
  const built: BuiltProgram[] = [];
  const packing = await mkdtemp(join(tmpdir(), 'spillway-build-'));
  try {
    const packed = await packOnnxRuntime(join(root, 'node_modules'), packing, signal);
    for (const name of programNames) {
      signal?.throwIfAborted();
      const folder = join(to, name);
      await buildProgram(programs[name], folder, packed);
      const bytes = await folderBytes(folder);
      requireWithin(`The folder of ${name}`, bytes, programs[name].limits.folder);
      built.push({ name, folder, bytes });
    }
  } finally {
    await rm(packing, { recursive: true, force: true });
  }
  return built;
}

/** @throws BuildError where a size in bytes is over its limit. */
export function requireWithin(what: string, bytes: number, limit: number): void {
  if (bytes <= limit) return;
  throw new BuildError(
    `${what} has ${formatBytes(bytes)}, and its limit is ${formatBytes(limit)} (release/programs.ts). Find out what has come in, and raise the limit if it belongs there.`,
  );
}

/** `npm run build` */
async function main(): Promise<void> {
  const dist = join(root, 'dist');
  const built = await buildPrograms(dist);
  for (const { name, bytes } of built) {
    const limit = formatBytes(programs[name].limits.folder);
    console.log(`dist/${name}`.padEnd(24), formatBytes(bytes).padStart(8), ` of at most ${limit}`);
  }
  const archive = join(dist, 'functions.zip');
  await writeArchive(join(dist, 'functions'), archive);
  console.log('dist/functions.zip'.padEnd(24), formatBytes((await stat(archive)).size).padStart(8));
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    console.error(error instanceof BuildError ? error.message : error);
    process.exit(1);
  });
}
