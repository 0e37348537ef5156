import { randomUUID } from 'node:crypto';
import { type FileHandle, link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { isNotFound, jsonOrNull } from './installation.ts';

const pollMs = 200;
const heartbeatMs = 1_000;
/** A holder on this machine whose process lives: it may have been asleep with the machine. */
const staleMs = 120_000;
/** A holder that shares the folder over a network, whose process cannot be asked after. */
const staleElsewhereMs = 30_000;
/** Room for the longest content, so that each one covers the one before. */
const contentBytes = 512;

const holderSchema = z.object({
  pid: z.number(),
  host: z.string(),
  /** What it has fetched, for those who wait. */
  bytes: z.number(),
  total: z.number().nullable(),
});
type Holder = z.infer<typeof holderSchema>;

/** The right to install one model, held by one process at a time among all that share the folder. */
export interface InstallLock {
  /** Aborted where another process has taken the lock, because this one seemed dead to it. */
  readonly lost: AbortSignal;
  report(progress: { bytes: number; total: number | null }): void;
  release(): Promise<void>;
}

/** Null where somebody else holds the lock: `onHolder` was told how far it is. */
async function tryLock(path: string, onHolder: (holder: Holder) => void): Promise<InstallLock | null> {
  const draft = `${path}.${randomUUID()}`;
  const handle = await open(draft, 'wx+');
  try {
    await writeHolder(handle, { bytes: 0, total: null });
    // With its content at once: nobody ever reads an empty lock.
    await link(draft, path);
    return await hold(path, handle);
  } catch (error) {
    await handle.close();
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    await inspect(path, onHolder);
    return null;
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Waits for the lock. `onHolder` hears how far its holder is.
 * @returns Null as soon as `isDone`: what the lock is wanted for has been done by somebody else.
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
    // Asked with the lock in hand: the holder before may have finished a moment ago.
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
  // Through the handle: should the lock have passed to another, it is not theirs that is written.
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

/** Tells how far the holder is, or removes the lock of one that is dead. */
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
    // EPERM: it is there, and somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** By renaming, which one process alone can do; a lock that is not the stale one any more is put back. */
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
