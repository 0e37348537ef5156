import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '@spillway/core/errors.ts';
import { readStackFile } from '@spillway/pipeline/stack-file.ts';
import { isAlive } from '@spillway/supervisor/processes.ts';
import { StartError } from '@spillway/supervisor/start-error.ts';
import { removeStackFile } from './stack-file.ts';

/** A start takes less than this, unless it fetches the emulators. An older lock without a living stack is stale. */
const startsWithinMs = 5 * 60_000;
const healthWithinMs = 2_000;

/**
 * Takes the directory for this process, so that two stacks never share their data, and clears what a killed one
 * left. Throws `StartError` when another stack runs or starts there. Returns what gives the directory back.
 */
export async function takeDirectory(directory: string): Promise<() => Promise<void>> {
  await mkdir(directory, { recursive: true });
  const lock = join(directory, 'launcher.pid');
  const write = () => writeFile(lock, String(process.pid), { flag: 'wx' });
  try {
    await write();
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    await refuseIfInUse(directory, lock);
    await rm(lock, { force: true });
    await write();
  }
  await removeStackFile(directory);
  return () => rm(lock, { force: true });
}

async function refuseIfInUse(directory: string, lock: string): Promise<void> {
  const pid = Number(await readFile(lock, 'utf8').catch(() => ''));
  if (!isAlive(pid)) return;
  const stack = await readStackFile(directory);
  // Another process may have the id by now, so only a stack that answers, or one that is starting, counts.
  const inUse = stack ? await answers(`${stack.web}/api/health`) : await isYoung(lock);
  if (!inUse) return;
  throw new StartError(
    `Spillway runs here already${stack ? `, at ${stack.web}` : ''}. Stop it first (\`kill ${pid}\`), ` +
      'or set SPILLWAY_LOCAL_DIR to another directory for a second one.',
  );
}

async function answers(address: string): Promise<boolean> {
  const signal = AbortSignal.timeout(healthWithinMs);
  return fetch(address, { signal }).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function isYoung(file: string): Promise<boolean> {
  return stat(file).then(
    ({ mtimeMs }) => Date.now() - mtimeMs < startsWithinMs,
    () => false,
  );
}
