import { buffer } from 'node:stream/consumers';
import type { Job } from '@spillway/core/job.ts';
import { readIndex } from '@spillway/core/packed-pictures.ts';
import { describe, expect, it } from 'vitest';
import type { Ports } from '../ports/ports.ts';
import { type Faults, type Played, play } from './faulty-world.ts';
import type { ManualClock } from './manual-clock.ts';
import type { WorldEngine } from './world-engine.ts';

export const events = { vmDiesAt: 6, runRefuses: { from: 4, to: 25 } };

export const everywhere: Faults = {
  refused: 0.04,
  replyLost: 0.04,
  crash: 0.05,
  workerDies: 0.05,
  redelivered: 0.2,
  stalls: 0.02,
};
export const onlyMessagesTwice: Faults = {
  refused: 0,
  replyLost: 0,
  crash: 0,
  workerDies: 0,
  redelivered: 0.2,
  stalls: 0,
};
/**
 * Work that was done more than once, as a share of all jobs. There are five calls between work and outcome, and each fails for one job in twelve; workers die, and claims expire.
 */
const mostDoneAgain = 0.6;

/** Checks that each upload has ended once. */
export async function expectEndedOnce(played: Played, uploads: number): Promise<void> {
  const { jobs, ports, succeeded, leftovers } = played;
  expect(jobs).toHaveLength(uploads);
  for (const job of jobs) {
    // Three crashes in a row end a job as poison: rare, and an end all the same.
    expect(['succeeded', 'failed']).toContain(job.state);
    if (job.state === 'failed') expect(job.error?.code).toBe('poison');
    else {
      expect(await ports.blobs.read('results', job.result?.name ?? '')).not.toBeNull();
      expect(await ports.blobs.read('results', job.result?.receipt ?? '')).not.toBeNull();
      await expectThumbnailsAreThose(job, ports);
    }
    expect(succeeded.get(job.id) ?? 0).toBeLessThanOrEqual(1);
    const ends = ports.queue.announced.filter(({ event }) => event.jobId === job.id);
    expect(ends.length).toBeGreaterThanOrEqual(1);
    expect(new Set(ends.map(({ id }) => id)).size).toBe(1);
  }
  expect(leftovers.filter(({ kind }) => kind !== 'dropped' && kind !== 'tried_out')).toEqual([]);
  // An end whose reply is lost may be told of by nobody, and none is told of twice.
  expect(toldEnds(played)).toBeLessThanOrEqual(uploads);
}

/** Checks that the document names the bytes that are in the object of thumbnails, whichever attempt has written it. */
async function expectThumbnailsAreThose({ result }: Job, { blobs }: Pick<Ports, 'blobs'>): Promise<void> {
  if (!result?.thumbnails) return;
  const { name, generation, size, parts } = result.thumbnails;
  const opened = await blobs.read('results', name, { generation });
  if (!opened) throw new Error(`There is no ${name}.`);
  expect({ parts, mask: result.mask }).toEqual(readIndex(await buffer(opened.stream), size));
}

/** Ends that metrics were told of. */
export function toldEnds({ ports }: Played): number {
  return ports.instruments.told.filter(({ name }) => name === 'spillway.jobs.ended').length;
}

/** Work that was done more often than once. */
export function doneAgain({ done }: Played): number {
  return [...done.values()].reduce((sum, times) => sum + times - 1, 0);
}

/** The share of the jobs that are so. */
export const share = (played: Played, which: (job: Played['jobs'][number]) => boolean) =>
  played.jobs.filter(which).length / played.jobs.length;

/** What holds on every engine, whatever fails. */
export function faultsContract(
  name: string,
  seeds: readonly number[],
  engine: (clock: ManualClock) => Promise<WorldEngine>,
): void {
  describe(`under faults everywhere: ${name}`, () => {
    it.each(seeds)(
      'every upload ends once, with result, receipt and announcement (seed %i)',
      async (seed) => {
        const uploads = 120;
        const played = await play({ seed, uploads, faults: everywhere, engine, ...events });
        await expectEndedOnce(played, uploads);
        expect(share(played, ({ state }) => state === 'succeeded')).toBeGreaterThan(0.9);
        expect(doneAgain(played) / uploads).toBeLessThan(mostDoneAgain);
      },
    );
  });
}
