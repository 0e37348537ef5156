import { sampleJob } from '@spillway/core/testing/sample-job.ts';
import { expect, it } from 'vitest';
import { createMemoryDatabase } from './memory/ports.ts';
import { mostRecorded, readRecorded } from './read-recorded.ts';

const hour = 3_600_000;
const now = Date.parse('2026-01-02T12:00:00Z');

/** A database with jobs that were created at these times before now. */
function databaseWith(agesMs: readonly number[]) {
  let time = now;
  const clock = { now: () => new Date(time) };
  const database = createMemoryDatabase({ clock });
  for (const [index, age] of agesMs.toSorted((a, b) => b - a).entries()) {
    time = now - age;
    const job = sampleJob({ id: String(index).padStart(32, '0') });
    database.jobs.create({ ...job, route: { ...job.route, reason: 'vm_in_time' } });
  }
  time = now;
  return { feed: database.feed, clock };
}

it('reads all jobs of an hour that has few, and what came just before it only to fill the world', async () => {
  const ages = [
    ...Array.from({ length: 10 }, (_, index) => index * 60_000 + 1),
    hour + 60_000,
    hour + 600_000,
  ];
  const { jobs, total, stretches, reads } = await readRecorded(hour, databaseWith(ages));
  expect({ total, stretches, reads }).toEqual({ total: 10, stretches: 1, reads: 12 });
  expect(jobs.map(({ weight }) => weight).toSorted()).toEqual([0, ...Array(10).fill(1)]);
});

it('samples a day that has more, weighs each stretch by what it had, and reads no more than it says', async () => {
  // Three in four came in the last hour.
  const busy = Array.from({ length: 3_000 }, (_, index) => 1 + index * 1_199);
  const quiet = Array.from({ length: 1_000 }, (_, index) => hour + 1 + index * 82_000);
  const { jobs, total, stretches, reads } = await readRecorded(24 * hour, databaseWith([...busy, ...quiet]));
  expect([total, stretches]).toEqual([4_000, 12]);
  expect(jobs.length).toBeLessThanOrEqual(mostRecorded);
  expect(reads).toBeLessThan(mostRecorded + 50);
  const stoodFor = jobs.reduce((sum, { weight }) => sum + weight, 0);
  expect(stoodFor).toBeCloseTo(4_000, 6);
});
