import { singleFlight } from '@spillway/core/background.ts';
import { type Child, type ChildProgram, startChild } from './child.ts';
import type { ChildJob, ChildSettings, ProcessedImage } from './child-protocol.ts';
import { residentBytes } from './process-tree.ts';
import { type JobLimits, runSupervised } from './supervised-job.ts';

export interface KeeperSettings {
  program: ChildProgram;
  child: ChildSettings;
  job: JobLimits;
  /** Jobs after which a child is replaced. */
  recycleAfter: number;
  /** Resident bytes that an idle child may keep beyond those it started with before it is replaced. */
  recycleAboveBytes: number;
}

/** Keeps one child ready, and replaces it when it is dead or worn. The child runs one job at a time. */
export interface ChildKeeper {
  /** The living child, null while there is none. */
  readonly child: Child | null;
  /** Resolves when there is a warm child. */
  warmUp(): Promise<void>;
  /**
   * Runs one job. Call it only when the one before has ended. Throws as `runSupervised` does, and `MachineError` if no
   * child can be started.
   */
  run(job: ChildJob, signal: AbortSignal): Promise<ProcessedImage>;
  /** Ends the child at once. A job under way rejects. */
  close(): Promise<void>;
}

export function createChildKeeper(settings: KeeperSettings): ChildKeeper {
  const closed = new AbortController();
  let child: Child | null = null;
  const starting = singleFlight(() => startChild(settings.program, settings.child, closed.signal));

  /** The living child, started where there is none. */
  async function ready(): Promise<Child> {
    if (child?.isAlive()) return child;
    child = await starting.run();
    return child;
  }

  async function isWorn(used: Child): Promise<boolean> {
    if (!used.isAlive() || used.jobs >= settings.recycleAfter) return true;
    const bytes = await residentBytes(used.pid);
    return bytes === null || bytes > used.restingBytes + settings.recycleAboveBytes;
  }

  /** Replaces a dead or worn child now, so that the next job need not wait for a start. */
  async function renew(used: Child): Promise<void> {
    if (!(await isWorn(used))) return;
    await used.kill();
    // A start that fails here is tried again, and reported, by the next job.
    if (!closed.signal.aborted) ready().catch(() => {});
  }

  return {
    get child() {
      return child?.isAlive() ? child : null;
    },
    async warmUp() {
      await ready();
    },
    async run(job, signal) {
      const ours = await ready();
      try {
        return await runSupervised(ours, job, settings.job, AbortSignal.any([signal, closed.signal]));
      } finally {
        await renew(ours);
      }
    },
    async close() {
      closed.abort(new Error('The processor is closed.'));
      await starting.landed();
      await child?.kill();
    },
  };
}
