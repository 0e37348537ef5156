import { type Child, type ChildProgram, startChild } from './child.ts';
import type { ChildJob, ChildSettings, ProcessedImage } from './child-protocol.ts';
import { residentBytes } from './resident-memory.ts';
import { type JobLimits, runSupervised } from './supervised-job.ts';

export interface SlotSettings {
  program: ChildProgram;
  child: ChildSettings;
  job: JobLimits;
  /** Jobs after which a child is replaced. */
  recycleAfter: number;
  /** Resident bytes that an idle child may keep beyond those it started with before it is replaced. */
  recycleAboveBytes: number;
}

/** Room for one job at a time: one child after another. */
export interface ChildSlot {
  /** The child that stands there, null while there is none. */
  readonly child: Child | null;
  /** Resolves when a warm child stands there. */
  warmUp(): Promise<void>;
  /**
   * Runs one job; call it only when the one before has ended. Throws as `runSupervised` does, and `MachineError` where no
   * child can be started for it.
   */
  run(job: ChildJob, signal: AbortSignal): Promise<ProcessedImage>;
  /** Ends the child at once; a job under way rejects. */
  close(): Promise<void>;
}

export function createChildSlot(settings: SlotSettings): ChildSlot {
  const closed = new AbortController();
  let standing: Child | null = null;
  let starting: Promise<Child> | null = null;

  /** The living child, started where there is none. Several callers share one start. */
  async function ready(): Promise<Child> {
    if (standing?.isAlive()) return standing;
    starting ??= startChild(settings.program, settings.child, closed.signal).finally(() => {
      starting = null;
    });
    standing = await starting;
    return standing;
  }

  async function isWorn(child: Child): Promise<boolean> {
    if (!child.isAlive() || child.jobs >= settings.recycleAfter) return true;
    const bytes = await residentBytes(child.pid);
    return bytes === null || bytes > child.restingBytes + settings.recycleAboveBytes;
  }

  /** Replaces a dead or worn child now, so that the next job need not wait for a start. */
  async function renew(child: Child): Promise<void> {
    if (!(await isWorn(child))) return;
    await child.kill();
    // A start that fails here is tried again, and reported, by the next job.
    if (!closed.signal.aborted) ready().catch(() => {});
  }

  return {
    get child() {
      return standing?.isAlive() ? standing : null;
    },
    async warmUp() {
      await ready();
    },
    async run(job, signal) {
      const child = await ready();
      try {
        return await runSupervised(child, job, settings.job, AbortSignal.any([signal, closed.signal]));
      } finally {
        await renew(child);
      }
    },
    async close() {
      closed.abort(new Error('The processor is closed.'));
      await starting?.catch(() => {});
      await standing?.kill();
    },
  };
}
