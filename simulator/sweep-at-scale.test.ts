import { singleFlight } from '@spillway/core/background.ts';
import type { Job } from '@spillway/core/job.ts';
import { begin, waitFor } from '@spillway/core/steps.ts';
import { sampleJob } from '@spillway/core/testing/sample-job.ts';
import { sampleWorker } from '@spillway/core/testing/sample-worker.ts';
import { createMemoryDatabase } from '@spillway/pipeline/memory/ports.ts';
import type { JobPage } from '@spillway/pipeline/ports/jobs.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { newSweepMemory, type Swept, sweepUnderLease } from '@spillway/pipeline/sweep.ts';
import { expect, it } from 'vitest';
import { besideTheDatabase } from './beside-the-database.ts';
import { DatabaseOperations, distantDatabase } from './distant-database.ts';
import { randomStream } from './random.ts';
import { Engine } from './virtual-time.ts';
import { Storage } from './world/storage.ts';

const always = (medianMs: number) => ({ medianMs, sigma: 0 });
/** A region's: see ../docs/benchmarks.md. */
const latency = { query: always(20), get: always(10), write: always(30) };

/** A sweep every two seconds, on a database that is as far away as in the cloud, in virtual time. */
function world() {
  const engine = new Engine();
  const near = createMemoryDatabase({ clock: engine });
  const operations = new DatabaseOperations();
  const random = randomStream(1, 'latency');
  const published: string[] = [];
  const ports: Ports = {
    ...distantDatabase(near, { engine, home: engine, latency, random, operations }),
    queue: {
      publish: (_, { jobId }) => void published.push(jobId),
      announce() {},
      bury() {},
    },
    blobs: new Storage([]).blobs,
    ...besideTheDatabase(engine),
  };
  const memory = newSweepMemory();
  const swept: Swept[] = [];
  const rounds = singleFlight(() => begin(round()));
  function* round() {
    const found = yield* sweepUnderLease('sweeper', ports, memory);
    if (found) swept.push(found);
  }
  engine.every(2_000, () => void rounds.run());
  const beat = () => void near.fleet.beat(sampleWorker({ slots: 2 }));
  beat();
  engine.every(2_000, beat);

  return {
    engine,
    operations,
    published,
    swept,
    add(index: number, changes: (job: Job) => Partial<Job>) {
      const job = sampleJob({ id: String(index).padStart(32, '0') });
      near.jobs.create({ ...job, ...changes(job) });
    },
    jobs: () => (begin(waitFor(near.feed.find({}, 1e6, null))) as JobPage).jobs,
    run: (until: () => boolean, endMs: number) => engine.run(until, endMs),
  };
}

it('queues a thousand abandoned jobs again within ten seconds', () => {
  const { engine, add, jobs, published, run } = world();
  const now = engine.now();
  for (let index = 0; index < 1_000; index++) {
    add(index, ({ route }) => ({
      state: 'processing',
      attempt: 1,
      publishedAt: now,
      claim: { worker: `vm-${index % 60}`, token: 't', expiresAt: now },
      route: { ...route, reason: 'vm_in_time', turnAt: now },
    }));
  }
  const claimed = () => jobs().filter(({ state }) => state === 'processing').length;
  // From the first sweep on, which sees them all.
  run(() => engine.ms >= 2_000, 2_000);
  expect(claimed()).toBe(1_000);
  run(() => published.length === 1_000, 12_000);
  expect(claimed()).toBe(0);
  expect(new Set(published).size).toBe(1_000);
});

it('finds one lost message behind ten thousand bulk jobs that wait, and reads no more while they wait', () => {
  const { engine, add, operations, published, run, swept } = world();
  const now = engine.now();
  const dayMs = 24 * 3_600_000;
  const waiting = (waitMs: number) => (job: Job) => ({
    publishedAt: now,
    deadlineAt: new Date(now.getTime() + dayMs),
    route: {
      ...job.route,
      reason: 'vm_in_time' as const,
      turnAt: new Date(now.getTime() + dayMs),
      predicted: {
        vm: { ...side, waitMs },
        run: null,
        runClosed: 'off' as const,
        budgetMs: dayMs,
      },
    },
  });
  const count = 10_000;
  for (let index = 0; index < count; index++) add(index, waiting(3_600_000));
  add(count, waiting(0));
  run(() => published.length > 0, 90_000);
  expect(published).toEqual([String(count).padStart(32, '0')]);
  // All of them have been read once by now. A sweep then reads what it would read without them.
  const after = engine.ms + 10_000;
  run(() => engine.ms >= after, after);
  const [before, sweeps] = [operations.documents, swept.length];
  run(() => swept.length === sweeps + 10, after + 60_000);
  expect((operations.documents - before) / 10).toBeLessThan(300);
});

const side = {
  waitMs: 0,
  deliveryMs: 0,
  serviceMs: 100,
  ioMs: 0,
  spreadMs: 0,
  finishMs: 100,
  dollars: 0,
  inTime: true,
};
