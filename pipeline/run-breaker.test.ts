import { OutageError, PermanentError, RetryableError } from '@spillway/core/errors.ts';
import type { Job } from '@spillway/core/job.ts';
import { describe, expect, it } from 'vitest';
import { cancelJob } from './cancel.ts';
import type { Operate } from './executor.ts';
import { handleMessage } from './handle-message.ts';
import { sweepOnce } from './sweep.ts';
import { copying, type Workbench, workbench } from './testing/workbench.ts';

/** Lets time pass with a sweep every two seconds. */
async function pass(bench: Workbench, seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 2) {
    bench.clock.advance(2_000);
    await sweepOnce('sweeper', bench.ports);
  }
}

const breaker = async (bench: Workbench) => (await bench.ports.routerStates.read()).breaker;
const waitingOn = async (bench: Workbench, target: 'vm' | 'run') =>
  (await bench.jobs()).filter(({ state, route }) => state === 'queued' && route.target === target);
const probes = async (bench: Workbench) =>
  (await bench.jobs()).filter(({ route }) => route.reason === 'run_probe');

let files = 0;
async function drop(bench: Workbench, count: number): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let file = 0; file < count; file++) jobs.push(...(await bench.drop(`caption/${++files}.jpg`)));
  return jobs;
}

const onRun = (bench: Workbench, process: Operate = copying) =>
  handleMessage(bench.take('run'), bench.executor('run-1', process));

/** A world without VMs, in which nobody has taken Cloud Run's work for too long. */
async function paused() {
  const bench = await workbench();
  await bench.beats({ state: 'starting' });
  const stuck = await drop(bench, 1);
  await pass(bench, 18);
  expect(await breaker(bench)).toMatchObject({ state: 'paused', trips: 1 });
  return { bench, stuck };
}

/** The same, where what got stuck is out of the way, others wait, and the pause is just over. */
async function probing(waiting = 3) {
  const { bench, stuck } = await paused();
  await cancelJob(stuck[0]?.id ?? '', bench.ports);
  bench.ports.queue.messages.run.splice(0);
  const jobs = await drop(bench, waiting);
  await pass(bench, 16);
  expect((await breaker(bench)).state).toBe('probing');
  return { bench, jobs };
}

describe('Cloud Run’s breaker', () => {
  it('stays closed while work is taken soon after it was expected to be', async () => {
    const bench = await workbench();
    await bench.beats({ state: 'starting' });
    await drop(bench, 2);
    await pass(bench, 12);
    await onRun(bench);
    await onRun(bench);
    await pass(bench, 20);
    expect((await breaker(bench)).state).toBe('closed');
  });

  it('pauses when nobody takes its work, and new work waits for VMs', async () => {
    const { bench } = await paused();
    const [job] = await drop(bench, 1);
    expect(job?.route).toMatchObject({
      target: 'vm',
      reason: 'vm_run_paused',
      predicted: { runClosed: 'paused' },
    });
    await pass(bench, 12);
    expect((await breaker(bench)).state).toBe('paused');
    expect(await probes(bench)).toEqual([]);
  });

  describe.each<[string, (file: number) => string, string | null | undefined, string]>([
    ['of three senders', (file) => `person ${file}`, undefined, 'paused'],
    ['of one sender', () => 'one person', undefined, 'closed'],
    ['of one sender, and test pictures with them', () => 'one person', 'caption: it crashed.', 'paused'],
    ['of three senders, and test pictures go well', (file) => `person ${file}`, null, 'closed'],
  ])('when the jobs %s fail', (_, owner, testPicture, state) => {
    it(`is ${state}`, async () => {
      const bench = await workbench();
      await bench.beats({ state: 'starting' });
      const jobs = await drop(bench, 3);
      for (const [index, { id }] of jobs.entries()) {
        const stored = await bench.ports.jobs.get(id);
        if (stored) await bench.ports.jobs.replace(stored, { ...stored.job, owner: owner(index) });
      }
      const crashing = bench.executor('run-1', () =>
        Promise.reject(new RetryableError('internal', 'The child was killed.')),
      );
      const tested =
        testPicture === undefined ? crashing : { ...crashing, testOperation: async () => testPicture };
      while (bench.ports.queue.messages.run.length > 0) await handleMessage(bench.take('run'), tested);
      await pass(bench, 2);
      expect((await bench.jobs()).map(({ error }) => error?.code)).toEqual(['poison', 'poison', 'poison']);
      expect((await breaker(bench)).state).toBe(state);
    });
  });

  it('is closed when its jobs fail for pictures that are at fault', async () => {
    const bench = await workbench();
    await bench.beats({ state: 'starting' });
    await drop(bench, 3);
    for (let file = 0; file < 3; file++) {
      await onRun(bench, () => Promise.reject(new PermanentError('corrupt_image')));
    }
    await pass(bench, 2);
    expect((await breaker(bench)).state).toBe('closed');
  });

  it('tries Cloud Run out with one job, the first that would be better off there', async () => {
    const { bench, jobs } = await probing();
    const sent = await probes(bench);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.route).toMatchObject({ target: 'run', reason: 'run_probe' });
    expect(sent[0]?.route.explanation).toContain('It tries out Cloud Run, which was paused.');
    expect((await breaker(bench)).probe).toBe(sent[0]?.id);
    expect(bench.ports.queue.messages.run).toHaveLength(1);
    // Others wait, also those that come now, however long it takes.
    const [late] = await drop(bench, 1);
    expect(late?.route.reason).toBe('vm_run_paused');
    await pass(bench, 6);
    expect(await probes(bench)).toHaveLength(1);
    expect(await waitingOn(bench, 'vm')).toHaveLength(jobs.length);
  });

  it('leaves that one there, though the VMs could do it by now', async () => {
    const { bench, stuck } = await paused();
    await cancelJob(stuck[0]?.id ?? '', bench.ports);
    await drop(bench, 12);
    await pass(bench, 12);
    await bench.beats({ slots: 1 });
    await pass(bench, 4);
    const [sent] = await probes(bench);
    await bench.beats({ slots: 50 });
    await pass(bench, 4);
    expect(await bench.job(sent?.id)).toMatchObject({ state: 'queued', route: { target: 'run', epoch: 1 } });
  });

  it('opens again when that went well, and all that waits is done', async () => {
    const { bench, jobs } = await probing();
    expect((await onRun(bench)).kind).toBe('succeeded');
    await pass(bench, 2);
    expect(await breaker(bench)).toMatchObject({ state: 'closed', probe: null, trips: 1 });
    expect(await waitingOn(bench, 'vm')).toEqual([]);
    await onRun(bench);
    await onRun(bench);
    for (const { id } of jobs) expect((await bench.job(id)).state).toBe('succeeded');
  });

  it('opens as well when the picture of that one is at fault', async () => {
    const { bench } = await probing();
    expect(await onRun(bench, () => Promise.reject(new PermanentError('corrupt_image')))).toMatchObject({
      kind: 'failed',
    });
    await pass(bench, 2);
    expect((await breaker(bench)).state).toBe('closed');
  });

  it('pauses for twice as long when that one is not taken, and then tries another', async () => {
    const { bench } = await probing();
    const [first] = await probes(bench);
    await pass(bench, 16);
    const again = await breaker(bench);
    expect(again).toMatchObject({
      state: 'paused',
      trips: 2,
      why: 'The job that tried it out was not taken.',
    });
    expect((again.until?.getTime() ?? 0) - (again.since?.getTime() ?? 0)).toBe(30_000);
    await pass(bench, 30);
    expect((await breaker(bench)).probe).not.toBe(first?.id);
    expect((await bench.jobs()).filter(({ state }) => state === 'queued')).toHaveLength(3);
  });

  it('pauses again when that one fails', async () => {
    const { bench } = await probing();
    const broken = () => Promise.reject(new RetryableError('internal', 'The child was killed.'));
    for (let attempt = 0; attempt < 3; attempt++) await onRun(bench, broken);
    await pass(bench, 2);
    expect(await breaker(bench)).toMatchObject({
      state: 'paused',
      trips: 2,
      why: expect.stringContaining('failed'),
    });
  });

  it('waits for that one while it is being worked on, however long', async () => {
    const { bench } = await probing();
    const done = Promise.withResolvers<void>();
    const handled = onRun(bench, async (request) => {
      await done.promise;
      return copying(request);
    });
    await expect.poll(async () => (await probes(bench))[0]?.state).toBe('processing');
    for (let passed = 0; passed < 40; passed += 2) {
      const held = bench.clock.now().getTime() + 2_000;
      await pass(bench, 2);
      // Its claim is renewed during this time.
      await expect
        .poll(async () => (await probes(bench))[0]?.claim?.expiresAt.getTime())
        .toBeGreaterThan(held);
    }
    expect((await breaker(bench)).state).toBe('probing');
    done.resolve();
    await handled;
    await pass(bench, 2);
    expect((await breaker(bench)).state).toBe('closed');
  });

  it.each<[string, (bench: Workbench, probe: Job) => Promise<unknown>]>([
    ['was cancelled', (bench, probe) => cancelJob(probe.id, bench.ports)],
    [
      'lost its worker',
      async (bench) => {
        const dead = { ...bench.ports, timers: { every: () => () => {} } };
        void handleMessage(bench.take('run'), {
          ...bench.executor('run-1', () => new Promise<never>(() => {})),
          ports: dead,
        });
        await expect.poll(async () => (await probes(bench))[0]?.state).toBe('processing');
        await pass(bench, 14);
      },
    ],
  ])('tries another where the first one %s', async (_, happens) => {
    const { bench } = await probing();
    const [first] = await probes(bench);
    if (first) await happens(bench, first);
    await pass(bench, 2);
    const { state, probe, trips } = await breaker(bench);
    expect([state, trips]).toEqual(['probing', 1]);
    expect(probe).not.toBeNull();
    expect(await waitingOn(bench, 'run')).toMatchObject([{ id: probe }]);
  });

  it('tries another where the first one was noted and could not be sent', async () => {
    const { bench, jobs } = await probing(0);
    expect((await breaker(bench)).probe).toBeNull();
    await drop(bench, 2);
    const { replace } = bench.ports.jobs;
    bench.ports.jobs.replace = () => Promise.reject(new OutageError('Firestore did not answer.'));
    bench.clock.advance(2_000);
    await expect(sweepOnce('sweeper', bench.ports)).rejects.toThrow(OutageError);
    bench.ports.jobs.replace = replace;
    expect((await breaker(bench)).probe).not.toBeNull();
    expect(jobs.concat(await waitingOn(bench, 'run'))).toEqual([]);
    await pass(bench, 2);
    expect(await waitingOn(bench, 'run')).toHaveLength(1);
  });
});

describe('while neither side takes work', () => {
  it.each([16, 24, 32, 40])(
    'the one that tries it out is judged by its own waiting, not by what got stuck (after %i s)',
    async (seconds) => {
      const { bench, stuck } = await paused();
      await pass(bench, seconds);
      await drop(bench, 2);
      await pass(bench, 2);
      const [probe] = await probes(bench);
      // A cold start is expected to take three seconds.
      await pass(bench, 4);
      expect(await breaker(bench)).toMatchObject({ state: 'probing', probe: probe?.id, trips: 1 });
      expect((await bench.job(stuck[0]?.id)).state).toBe('queued');
    },
  );

  it('what got stuck is given time once Cloud Run is well again', async () => {
    const { bench, stuck } = await paused();
    await pass(bench, 24);
    await drop(bench, 1);
    await pass(bench, 2);
    const [probe] = await probes(bench);
    const message = { schemaVersion: 1, jobId: probe?.id ?? '', epoch: probe?.route.epoch ?? 0 };
    expect((await handleMessage(message, bench.executor('run-1'))).kind).toBe('succeeded');
    await pass(bench, 14);
    expect(await breaker(bench)).toMatchObject({ state: 'closed', trips: 1 });
    expect((await bench.job(stuck[0]?.id)).state).toBe('queued');
    await pass(bench, 4);
    expect(await breaker(bench)).toMatchObject({ state: 'paused', trips: 2 });
  });

  it('jobs wait, and all are done when Cloud Run is well again, though some of it waited there long', async () => {
    const { bench, stuck } = await paused();
    const more = await drop(bench, 3);
    await pass(bench, 40);
    // From now on Cloud Run does one job every two seconds.
    for (let passed = 0; passed < 30; passed += 2) {
      if (bench.ports.queue.messages.run.length > 0) await onRun(bench);
      await pass(bench, 2);
    }
    for (const { id } of [...stuck, ...more]) expect((await bench.job(id)).state).toBe('succeeded');
    expect((await breaker(bench)).state).toBe('closed');
  });
});
