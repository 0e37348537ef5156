import { OutageError, PermanentError, RetryableError } from '@spillway/core/errors.ts';
import type { Job } from '@spillway/core/job.ts';
import { probeOf } from '@spillway/core/messages.ts';
import { routingSettingsSchema } from '@spillway/core/settings.ts';
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
/** Messages in Cloud Run's queue that try it out. */
const trials = (bench: Workbench) =>
  bench.ports.queue.messages.run.filter((message) => probeOf(message) !== null);

/** A message that is not there. */
const never = { schemaVersion: 1, jobId: 'none', epoch: 0 };

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

/** The same, where what got stuck is out of the way, others wait for VMs, and a picture is on its way. */
async function probing(waiting = 3) {
  const { bench, stuck } = await paused();
  await cancelJob(stuck[0]?.id ?? '', bench.ports);
  bench.ports.queue.messages.run.splice(0);
  const jobs = await drop(bench, waiting);
  await pass(bench, 10);
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
    expect(job?.route.explanation).toContain('Cloud Run is paused');
    await pass(bench, 4);
    expect((await breaker(bench)).state).toBe('paused');
    expect(trials(bench)).toEqual([]);
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

  it('tries Cloud Run out with a picture of its own, at once, though nobody has a job for it', async () => {
    const { bench } = await probing(0);
    expect(trials(bench)).toHaveLength(1);
    expect(probeOf(trials(bench)[0] ?? never)).toBe((await breaker(bench)).probe);
    // People's jobs wait for the answer, and the picture is in no list.
    const [late] = await drop(bench, 1);
    expect(late?.route.reason).toBe('vm_run_paused');
    await pass(bench, 6);
    expect(trials(bench)).toHaveLength(1);
    expect((await bench.jobs()).filter(({ state }) => state === 'queued')).toHaveLength(1);
    expect(await waitingOn(bench, 'run')).toEqual([]);
  });

  it('opens again with the answer, without a sweep, and all that waits is done', async () => {
    const { bench, jobs } = await probing();
    expect(await onRun(bench)).toEqual({ kind: 'tried_out', ack: true, problem: null });
    expect(await breaker(bench)).toMatchObject({ state: 'closed', probe: null, trips: 1 });
    const [next] = await drop(bench, 1);
    expect(next?.route.target).toBe('run');
    await pass(bench, 2);
    expect(await waitingOn(bench, 'vm')).toEqual([]);
    while (bench.ports.queue.messages.run.length > 0) await onRun(bench);
    for (const { id } of jobs) expect((await bench.job(id)).state).toBe('succeeded');
  });

  it('tries out the operation that failed, and pauses for twice as long when that fails again', async () => {
    const { bench } = await probing();
    const state = await bench.ports.routerStates.read();
    const suspect = { ...state, breaker: { ...state.breaker, operation: 'caption' } };
    await bench.ports.routerStates.replace(state, suspect);
    const tested: string[] = [];
    const crashing = {
      ...bench.executor('run-1'),
      async testOperation(operation: string) {
        tested.push(operation);
        return 'The child was killed.';
      },
    };
    expect(await handleMessage(bench.take('run'), crashing)).toMatchObject({ kind: 'tried_out', ack: true });
    expect(tested).toEqual(['caption']);
    const again = await breaker(bench);
    expect(again).toMatchObject({ state: 'paused', trips: 2, why: expect.stringContaining('was killed') });
    expect((again.until?.getTime() ?? 0) - (again.since?.getTime() ?? 0)).toBe(30_000);
    await pass(bench, 26);
    expect(trials(bench)).toHaveLength(1);
  });

  it('pauses for longer when the picture is not taken, and opens when its answer comes all the same', async () => {
    const { bench } = await probing();
    await pass(bench, 30);
    const again = await breaker(bench);
    expect(again).toMatchObject({ state: 'paused', trips: 2, why: expect.stringContaining('not taken') });
    await onRun(bench);
    expect((await breaker(bench)).state).toBe('closed');
  });

  it('sends nobody’s job where the picture is not answered, also before a sweep has seen that', async () => {
    const { bench } = await probing(0);
    await bench.beats({ state: 'starting' });
    await pass(bench, 26);
    expect((await breaker(bench)).state).toBe('probing');
    // The trial's time is over, and no sweep comes by for seconds.
    bench.clock.advance(5_000);
    const [late] = await drop(bench, 1);
    expect(late?.route).toMatchObject({ target: 'vm', reason: 'vm_run_paused' });
    await sweepOnce('sweeper', bench.ports);
    expect(await breaker(bench)).toMatchObject({ state: 'paused', trips: 2 });
    expect(await waitingOn(bench, 'run')).toEqual([]);
  });

  it('drops a picture of an earlier trial', async () => {
    const { bench } = await probing();
    const stale = { ...bench.take('run'), jobId: 'probe-earlier' };
    const outcome = await handleMessage(stale, bench.executor('run-1'));
    expect(outcome).toEqual({ kind: 'dropped', ack: true, why: 'ended' });
    expect((await breaker(bench)).state).toBe('probing');
  });

  it('brings the message again where the answer could not be written', async () => {
    const { bench } = await probing();
    const { replace } = bench.ports.routerStates;
    bench.ports.routerStates.replace = () => Promise.reject(new OutageError('Firestore did not answer.'));
    expect(await onRun(bench)).toMatchObject({ kind: 'given_back', ack: false });
    bench.ports.routerStates.replace = replace;
    expect((await breaker(bench)).state).toBe('probing');
  });

  it('tries again when the picture could not be sent', async () => {
    const { bench } = await paused();
    const { publish } = bench.ports.queue;
    bench.ports.queue.publish = () => Promise.reject(new OutageError('Pub/Sub did not answer.'));
    bench.clock.advance(10_000);
    await expect(sweepOnce('sweeper', bench.ports)).rejects.toThrow(OutageError);
    bench.ports.queue.publish = publish;
    expect((await breaker(bench)).state).toBe('probing');
    await pass(bench, 32);
    expect(await breaker(bench)).toMatchObject({ state: 'paused', trips: 2 });
    await pass(bench, 26);
    expect(trials(bench)).toHaveLength(1);
  });
});

it('a Cloud Run that is switched off is not tried out', async () => {
  const { bench } = await paused();
  await bench.ports.settings.changeRouting(routingSettingsSchema.parse({ run: { enabled: false } }), 'ann');
  await pass(bench, 20);
  expect(trials(bench)).toEqual([]);
  expect(await breaker(bench)).toMatchObject({ state: 'closed', trips: 0 });
});

describe('a pause that nobody looked at', () => {
  it('is over when its time has passed, for whoever routes, without a sweep', async () => {
    const { bench } = await paused();
    const [during] = await drop(bench, 1);
    expect(during?.route.reason).toBe('vm_run_paused');
    bench.clock.advance(90 * 60_000);
    const [after] = await drop(bench, 1);
    expect(after?.route).toMatchObject({ target: 'run', predicted: { runClosed: null } });
    expect(after?.route.explanation).not.toContain('paused');
  });

  it('is forgotten by the first sweep', async () => {
    const { bench, stuck } = await paused();
    await cancelJob(stuck[0]?.id ?? '', bench.ports);
    bench.clock.advance(90 * 60_000);
    await sweepOnce('sweeper', bench.ports);
    expect(await breaker(bench)).toMatchObject({ state: 'closed', trips: 0 });
    expect(trials(bench)).toEqual([]);
  });
});

describe('while neither side takes work', () => {
  it('what got stuck is given time once Cloud Run is well again', async () => {
    const { bench, stuck } = await paused();
    await pass(bench, 10);
    const [trial] = trials(bench);
    await handleMessage(trial ?? never, bench.executor('run-1'));
    await pass(bench, 10);
    expect(await breaker(bench)).toMatchObject({ state: 'closed', trips: 1 });
    expect((await bench.job(stuck[0]?.id)).state).toBe('queued');
  });

  it('jobs wait, and all are done when Cloud Run is well again, though some of it waited there long', async () => {
    const { bench, stuck } = await paused();
    const more = await drop(bench, 3);
    await pass(bench, 40);
    // From now on Cloud Run takes one message every two seconds.
    for (let passed = 0; passed < 60; passed += 2) {
      if (bench.ports.queue.messages.run.length > 0) await onRun(bench);
      await pass(bench, 2);
    }
    for (const { id } of [...stuck, ...more]) expect((await bench.job(id)).state).toBe('succeeded');
    expect((await breaker(bench)).state).toBe('closed');
  });
});

describe('Cloud Run whose places are all taken', () => {
  it('is not taken for one that is down, though Pub/Sub holds back its work for a minute after refusals', async () => {
    const bench = await workbench({
      routing: routingSettingsSchema.parse({ run: { maxInstances: 1, concurrency: 1 } }),
    });
    await bench.beats({ state: 'starting' });
    await drop(bench, 3);
    const done = Promise.withResolvers<void>();
    const working = onRun(bench, async (request) => {
      await done.promise;
      return copying(request);
    });
    await expect
      .poll(async () => (await bench.jobs()).some(({ state }) => state === 'processing'))
      .toBe(true);
    await pass(bench, 8);
    done.resolve();
    await working;
    // Nothing is pushed for now.
    await pass(bench, 50);
    const { push, breaker: seen } = await bench.ports.routerStates.read();
    expect(seen.state).toBe('closed');
    expect(push.heldSince).not.toBeNull();
    // New work reckons with that, and is not sent there to wait.
    await bench.beats();
    await sweepOnce('sweeper', bench.ports);
    const [next] = await drop(bench, 1);
    expect(next?.route.target).toBe('vm');
    expect(next?.route.predicted?.run?.waitMs).toBeGreaterThan(5_000);
  });
});
