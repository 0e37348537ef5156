import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { readPartsFile } from '@spillway/pipeline/parts-file.ts';
import { startTimeOf } from '@spillway/supervisor/processes.ts';
import { PassingStartError, StartError } from '@spillway/supervisor/start-error.ts';
import type { DataFolder } from './data-folder.ts';

/** Parts of a supervisor that was killed finish their work before they end. Milliseconds. */
const earlierPartsMs = 30_000;
const lookEveryMs = 100;

/**
 * Takes the folder for this process. The system gives it back when the process ends, however that happens: SQLite locks a
 * file with what the system has for it, which Node has not.
 * @returns What gives the folder back.
 * @throws StartError where another process has it.
 */
export async function takeFolder(folder: DataFolder): Promise<() => void> {
  const lock = new DatabaseSync(folder.lock, { timeout: 0 });
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch {
    lock.close();
    const pid = (await readPartsFile(folder.parts))?.pid;
    throw new StartError(
      `${folder.path} is used by another process${pid === undefined ? '' : ` (${pid})`}. Stop it first${pid === undefined ? '' : ` (\`kill ${pid}\`)`}, or name another folder with --data.`,
    );
  }
  return () => lock.close();
}

/**
 * Waits for what a supervisor has left that was killed: its parts end by themselves.
 * @throws PassingStartError where they are still there after a while.
 */
export async function awaitEarlierParts(folder: DataFolder): Promise<void> {
  const file = await readPartsFile(folder.parts);
  const until = performance.now() + earlierPartsMs;
  for (;;) {
    const left = Object.values(file?.parts ?? {}).flatMap(({ pid, startedAt }) =>
      pid !== null && startedAt !== null && startTimeOf(pid) === startedAt ? [pid] : [],
    );
    if (left.length === 0) return;
    if (performance.now() > until) {
      throw new PassingStartError(
        `Parts of an earlier start still use ${folder.path}. End them with: kill ${left.join(' ')}`,
      );
    }
    await delay(lookEveryMs);
  }
}
