import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ProgramName } from '@spillway/release/programs.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A machine without a cloud has all of them in one. */
type StackProgram = Exclude<ProgramName, 'one-machine'>;

/** A program, and the folder that it is started in. */
export interface ProgramPlace {
  entry: URL;
  workdir: string;
}

/** Where the stack finds Spillway's own programs. */
export interface Programs extends Record<Exclude<StackProgram, 'functions'>, ProgramPlace> {
  /** The folder that functions-framework loads; null where the functions run from their sources. */
  functions: string | null;
}

const source = (path: string): ProgramPlace => ({
  entry: new URL(path, import.meta.url),
  workdir: process.cwd(),
});

/** The TypeScript of the repository. */
export const sourcePrograms: Programs = {
  functions: null,
  'vm-worker': source('../vm-worker/main.ts'),
  'cloudrun-worker': source('../cloudrun-worker/main.ts'),
  site: source('../web/server.ts'),
};

export interface InstalledPrograms {
  programs: Programs;
  remove(): Promise<void>;
}

/**
 * Builds all programs as they are deployed, and installs them in a place outside of the repository, where they find none
 * of its packages.
 * @throws BuildError where one cannot be built or installed, or is larger than its limit.
 */
export async function installBuiltPrograms(signal: AbortSignal): Promise<InstalledPrograms> {
  const place = await mkdtemp(join(tmpdir(), 'spillway-built-'));
  const remove = () => rm(place, { recursive: true, force: true });
  try {
    // The bundler takes memory that a stack from sources does without.
    const [{ buildPrograms }, { installProgram }] = await Promise.all([
      import('@spillway/release/build.ts'),
      import('@spillway/release/install.ts'),
    ]);
    const built = await buildPrograms(join(root, 'dist'), signal);
    const ofStack = built.filter(({ name }) => name !== 'one-machine');
    const installing = ofStack.map((program) => installProgram(program, join(place, program.name), signal));
    // All of them have ended before anything is removed.
    for (const outcome of await Promise.allSettled(installing)) {
      if (outcome.status === 'rejected') throw outcome.reason;
    }
  } catch (error) {
    await remove();
    throw error;
  }
  const installed = (name: StackProgram): ProgramPlace => {
    const workdir = join(place, name);
    return { entry: pathToFileURL(join(workdir, 'main.js')), workdir };
  };
  return {
    programs: {
      functions: join(place, 'functions'),
      'vm-worker': installed('vm-worker'),
      'cloudrun-worker': installed('cloudrun-worker'),
      site: installed('site'),
    },
    remove,
  };
}
