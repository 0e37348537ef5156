import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type BuiltProgram, requireWithin } from './build.ts';
import { BuildError } from './build-error.ts';
import { folderBytes } from './folder-bytes.ts';
import { programs } from './programs.ts';

/**
 * Copies a program's folder to a new place, and installs its packages there, as an image or a platform does.
 * @param signal Ends it. npm has ended, and writes no more, when this rejects.
 * @throws BuildError with what npm says where that fails, and where the program is larger than its limit.
 */
export async function installProgram(
  { name, folder }: Pick<BuiltProgram, 'name' | 'folder'>,
  place: string,
  signal?: AbortSignal,
): Promise<void> {
  await cp(folder, place, { recursive: true });
  // Its lock file has the versions that the repository was installed with, so most of it is here.
  const env = { ...process.env, npm_config_prefer_offline: 'true' };
  const options = { cwd: place, env, ...(signal ? { signal } : {}) };
  const installing = promisify(execFile)('npm', ['ci', '--omit=dev'], options);
  const ended = new Promise((resolve) => installing.child.once('close', resolve));
  try {
    await installing;
  } catch (error) {
    await ended;
    throw new BuildError(`The packages of ${name} could not be installed. ${String(error)}`, {
      cause: error,
    });
  }
  requireWithin(`${name} with its packages`, await folderBytes(place), programs[name].limits.installed);
}
