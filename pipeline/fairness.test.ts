import type { Job } from '@spillway/core/job.ts';
import { type RoutingSettings, routingSettingsSchema } from '@spillway/core/settings.ts';
import { seededRandom } from '@spillway/core/testing/seeded-random.ts';
import { describe, expect, it } from 'vitest';
import type { Operate } from './executor.ts';
import { handleMessage } from './handle-message.ts';
import { copying, type Workbench, workbench } from './testing/workbench.ts';

const runOff = routingSettingsSchema.parse({ run: { enabled: false } });
/** What a small sketch takes here, as its prior says. */
const serviceMs = 150;

/** One VM with one slot, which takes messages in any order, as Pub/Sub gives them. */
async function oneSlot(routing: RoutingSettings = runOff) {
  const bench = await workbench({ routing });
  await bench.beats({ slots: 1 });
  const random = seededRandom(7);
  const working: Operate = async (request) => {
    bench.clock.advance(serviceMs);
    return copying(request);
  };
  const ended = new Map<string, number>();
  let seconds = 0;

  /** Serves turns until this number has been served, or none is left. */
  async function serve(most = Number.POSITIVE_INFINITY): Promise<void> {
    for (let served = 0; served < most; served++) {
      const { vm } = bench.ports.queue.messages;
      const [message] = vm.splice(Math.floor(random() * vm.length), 1);
      if (!message) return;
      const outcome = await handleMessage(message, bench.executor('vm-1', working));
      if (outcome.kind === 'succeeded') ended.set(outcome.job.id, bench.clock.now().getTime());
      const now = Math.floor(bench.clock.now().getTime() / 1_000);
      if (now !== seconds) await bench.beats({ slots: 1 });
      seconds = now;
    }
  }

  return {
    bench,
    serve,
    /** From the upload to the result. */
    tookMs: (job: Job | undefined) =>
      (ended.get(job?.id ?? '') ?? Number.NaN) - (job?.createdAt.getTime() ?? 0),
  };
}

function drop(bench: Workbench, owner: string, file: string | number, operation = 'sketch', more = {}) {
  return bench.dropOnSite(`${owner}/${file}.jpg`, { operation, ...more });
}

async function crowd(bench: Workbench, owner: string, count: number, more = {}): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let file = 0; file < count; file++) jobs.push(...(await drop(bench, owner, file, 'sketch', more)));
  return jobs;
}

describe('500 jobs of one owner, where VMs alone do the work', () => {
  it('do not delay another’s single one, and are all done', async () => {
    const { bench, serve, tookMs } = await oneSlot();
    const jobs = await crowd(bench, 'ann', 500);
    const singles: Job[] = [];
    for (let visitor = 0; visitor < 5; visitor++) {
      await serve(60);
      singles.push(...(await drop(bench, `visitor-${visitor}`, 'one')));
    }
    await serve();
    // A turn late at most: what is being worked on is not interrupted.
    for (const single of singles) expect(tookMs(single)).toBeLessThanOrEqual(2_000 + 2 * serviceMs);
    const crowdTook = jobs.map(tookMs);
    expect(crowdTook.every(Number.isFinite)).toBe(true);
    expect(Math.max(...crowdTook)).toBe(505 * serviceMs);
  });

  it('do not delay it either when they are a batch that nobody announced', async () => {
    const { bench, serve, tookMs } = await oneSlot(
      routingSettingsSchema.parse({ run: { enabled: false }, bulk: { objectiveMs: 20_000 } }),
    );
    const jobs = await crowd(bench, 'ann', 500, { batch: 'holidays' });
    expect(jobs.at(-1)?.class).toBe('bulk');
    // By now, all of the batch that waits is overdue.
    await serve(200);
    const [single] = await drop(bench, 'bob', 'one');
    await serve();
    expect(tookMs(single)).toBeLessThanOrEqual(2_000 + 2 * serviceMs);
    expect(jobs.map(tookMs).every(Number.isFinite)).toBe(true);
  });

  it('leave the VMs to others who have as much to do, half and half', async () => {
    const { bench, serve, tookMs } = await oneSlot();
    const ann = await crowd(bench, 'ann', 100);
    await serve(1);
    const bob = await crowd(bench, 'bob', 100);
    await serve(100);
    const done = (jobs: Job[]) => jobs.filter((job) => Number.isFinite(tookMs(job))).length;
    expect(done(ann)).toBeGreaterThan(40);
    expect(done(bob)).toBeGreaterThan(40);
  });

  it('get a larger share where the settings give their owner one', async () => {
    const shares = { owners: { ann: 3 } };
    const { bench, serve, tookMs } = await oneSlot(
      routingSettingsSchema.parse({ run: { enabled: false }, shares }),
    );
    const ann = await crowd(bench, 'ann', 200);
    const bob = await crowd(bench, 'bob', 200);
    await serve(160);
    const done = (jobs: Job[]) => jobs.filter((job) => Number.isFinite(tookMs(job))).length;
    expect(done(ann) / done(bob)).toBeGreaterThan(2);
    expect(done(ann) / done(bob)).toBeLessThan(4);
  });

  it('keep Cloud Run out of it for the others while it is on: theirs are in time on the VMs', async () => {
    const { bench } = await oneSlot(routingSettingsSchema.parse({}));
    await bench.beats({ id: 'run-1', kind: 'run', slots: 10 });
    await crowd(bench, 'ann', 200);
    const { vm, run } = bench.ports.queue.messages;
    expect(vm.length + run.length).toBe(200);
    expect(vm.length).toBeGreaterThan(5);
    expect(run.length).toBeGreaterThan(150);
  });
});
