import { randomUUID } from 'node:crypto';
import { type FileHandle, link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode } from '@spillway/core/errors.ts';
import { z } from 'zod';
import { isNotFound, jsonOrNull } from './installation.ts';

const pollMs = 200;
const heartbeatMs = 1_000;
/** A silent holder on this machine counts as dead after this time. If its process lives, it may have been asleep. */
const staleMs = 120_000;
/** The same for a holder on another machine, whose process cannot be checked. */
const staleElsewhereMs = 30_000;
/** Bytes of the longest content, so that each write covers the one before. */
const contentBytes = 512;

const holderSchema = z.object({
  pid: z.number(),
  host: z.string(),
  /** Its progress, for the processes that wait. */
  bytes: z.number(),
  total: z.number().nullable(),
});
type Holder = z.infer<typeof holderSchema>;

/** The right to install one model. Only one process at a time holds it, among all that share the folder. */
export interface InstallLock {
  /** Aborted if another process has taken the lock because this one seemed dead. */
  readonly lost: AbortSignal;
  report(progress: { bytes: number; total: number | null }): void;
  release(): Promise<void>;
}

/** Null if another process holds the lock. `onHolder` was told its progress. */
async function tryLock(path: string, onHolder: (holder: Holder) => void): Promise<InstallLock | null> {
  const draft = `${path}.${randomUUID()}`;
  const handle = await open(draft, 'wx+');
  try {
    await writeHolder(handle, { bytes: 0, total: null });
    // The lock appears with its content, so nobody reads an empty one.
    await link(draft, path);
    return await hold(path, handle);
  } catch (error) {
    await handle.close();
    if (!hasCode(error, 'EEXIST')) throw error;
    await inspect(path, onHolder);
    return null;
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Waits for the lock. `onHolder` is told its holder's progress.
 * @returns Null as soon as `isDone`, because another process has then done the work.
 */
export async function takeInstallLock(
  path: string,
  isDone: () => Promise<boolean>,
  onHolder: (holder: Holder) => void,
  signal: AbortSignal,
): Promise<InstallLock | null> {
  for (;;) {
    signal.throwIfAborted();
    const lock = await tryLock(path, onHolder);
    // Asked again with the lock, because the previous holder may have just finished.
    if (await isDone()) {
      await lock?.release();
      return null;
    }
    if (lock) return lock;
    await delay(pollMs, undefined, { signal });
  }
}

async function hold(path: string, handle: FileHandle): Promise<InstallLock> {
  const { ino } = await handle.stat();
  const lost = new AbortController();
  let progress: { bytes: number; total: number | null } = { bytes: 0, total: null };
  // Written through the handle, so that another holder's lock is never overwritten.
  const beat = async () => {
    await writeHolder(handle, progress);
    if ((await inodeOf(path)) !== ino) lost.abort(new Error('Another process took the lock.'));
  };
  let lastBeat = Promise.resolve();
  const timer = setInterval(() => {
    lastBeat = beat().catch((error: unknown) => lost.abort(error));
  }, heartbeatMs);
  return {
    lost: lost.signal,
    report(current) {
      progress = current;
    },
    async release() {
      clearInterval(timer);
      await lastBeat;
      if ((await inodeOf(path)) === ino) await rm(path, { force: true });
      await handle.close();
    },
  };
}

async function writeHolder(
  handle: FileHandle,
  progress: { bytes: number; total: number | null },
): Promise<void> {
  const holder: Holder = { pid: process.pid, host: hostname(), ...progress };
  await handle.write(JSON.stringify(holder).padEnd(contentBytes), 0);
}

/** Reports the holder's progress, or removes a dead holder's lock. */
async function inspect(path: string, onHolder: (holder: Holder) => void): Promise<void> {
  try {
    const { ino, mtimeMs } = await stat(path);
    const holder = holderSchema.safeParse(jsonOrNull(await readFile(path, 'utf8'))).data;
    if (isStale(holder, Date.now() - mtimeMs)) await breakLock(path, ino);
    else if (holder) onHolder(holder);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function isStale(holder: Holder | undefined, ageMs: number): boolean {
  if (holder?.host !== hostname()) return ageMs > staleElsewhereMs;
  return !isAlive(holder.pid) || ageMs > staleMs;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process exists and belongs to another user.
    return hasCode(error, 'EPERM');
  }
}

/** Removes a stale lock by renaming it, which only one process can do. A lock that has changed since is put back. */
async function breakLock(path: string, staleInode: number): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  await rename(path, aside);
  if ((await inodeOf(aside)) !== staleInode) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}

async function inodeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).ino;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}
