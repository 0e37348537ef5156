import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { OutageError } from '@spillway/core/errors.ts';
import { isTerminal } from '@spillway/core/job.ts';
import type { JobMessage } from '@spillway/core/messages.ts';
import { receiptSchema } from '@spillway/core/receipt.ts';
import { seededRandom } from '@spillway/core/testing/seeded-random.ts';
import { handleNextInLine } from '@spillway/pipeline/handle-message.ts';
import type { MemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import type { Outcome } from '@spillway/pipeline/outcome.ts';
import { sweepOnce } from '@spillway/pipeline/sweep.ts';
import { type Workbench, workbench } from '@spillway/pipeline/testing/workbench.ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createGate } from './gate.ts';
import { keepInstances } from './instances.ts';
import { createRemote, type RemoteLimits } from './remote.ts';
import {
  answering,
  type Behaviour,
  cutting,
  failing,
  instanceReport,
  refusing,
  stalling,
  startPictureService,
} from './testing/picture-service.ts';
import { createWork } from './work.ts';

const limits: RemoteLimits = { idleMs: 20_000, mostMs: 60_000, answerMs: 30_000, askMs: 30_000 };
const noTokens = { read: async () => null, forget() {} };
const result = 'the result';

/** One machine that sends what is for Cloud Run to a real server. */
async function box(changes: Partial<RemoteLimits> = {}) {
  const service = await startPictureService(answering(Buffer.from(result)));
  const bench = await workbench({ runReach: { kind: 'pictures', url: service.url } });
  const folder = await mkdtemp(join(tmpdir(), 'spillway-spill-'));
  const remote = createRemote(service.url, noTokens, { ...limits, ...changes });
  const pauses: boolean[] = [];
  const pause = (wanted: boolean) => void pauses.push(wanted);
  const gate = createGate({ pause }, remote.ask, bench.ports.log, { firstMs: 1, mostMs: 4 });
  const instances = keepInstances(2_000, bench.ports);
  onTestFinished(async () => {
    await Promise.all([gate.stop(), instances.stop()]);
    remote.close();
    await service.close();
    await rm(folder, { recursive: true });
  });
  const workOn = (ports: MemoryPorts) =>
    createWork({
      worker: 'spill',
      places: 20,
      folder,
      claimMs: 12_000,
      maxAttempts: 3,
      ports,
      remote,
      gate,
      instances,
    });
  return { service, bench, folder, instances, workOn, pauses };
}

/** Sends no more than routing decides: no VM is heard of, so a picture goes to Cloud Run. */
async function droppedForRun({ clock, drop, take }: Workbench, name?: string) {
  clock.advance(60_000);
  const [job] = await drop(name);
  expect(job?.route.target).toBe('run');
  return { id: job?.id ?? '', message: take('run') };
}

const delivery = (message: JobMessage) => ({ data: JSON.stringify(message), trace: null });

async function textAt({ ports }: Workbench, name = ''): Promise<string | null> {
  const blob = await ports.blobs.read('results', name);
  return blob && (await text(blob.stream));
}

describe('a job that is for Cloud Run', () => {
  it('is done there, with a receipt as complete as an instance with a database writes', async () => {
    const { bench, workOn, service, folder } = await box();
    const model = { name: 'u2net', sha256: 'ab', builtIn: false, install: null };
    service.behave(answering(Buffer.from(result), { model }));
    const { id, message } = await droppedForRun(bench);
    expect(await workOn(bench.ports).work(delivery(message))).toMatchObject({ kind: 'succeeded', ack: true });
    const job = await bench.job(id);
    expect(job).toMatchObject({ state: 'succeeded', attempt: 1, result: { width: 3, height: 2, model } });
    expect(await textAt(bench, job.result?.name)).toBe(result);
    const receipt = receiptSchema.parse(JSON.parse((await textAt(bench, job.result?.receipt)) ?? ''));
    expect(receipt).toMatchObject({
      model,
      notes: ['Made as PNG.'],
      ran: { target: 'run', worker: 'run-1', reason: 'run_no_vm' },
      attempts: 1,
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('ends failed with its own code where the picture is at fault', async () => {
    const { bench, workOn, service, pauses } = await box();
    service.behave(failing({ kind: 'permanent', code: 'corrupt_image', message: 'It is damaged.' }));
    const { id, message } = await droppedForRun(bench);
    await workOn(bench.ports).work(delivery(message));
    expect(await bench.job(id)).toMatchObject({
      state: 'failed',
      error: { code: 'corrupt_image', message: 'It is damaged.', blame: 'input' },
    });
    expect(pauses).toEqual([]);
  });

  it.each<[string, Behaviour, Partial<RemoteLimits>?]>([
    ['no free place', refusing(429)],
    ['no right to call', refusing(403)],
    ['no worker there', refusing(404)],
    ['taken slots', failing({ kind: 'busy', message: 'Every slot is taken.' })],
  ])('waits where it was, uncounted, because of %s', async (_, behaviour, changes) => {
    const { bench, workOn, service, pauses } = await box(changes);
    service.behave(behaviour);
    const { id, message } = await droppedForRun(bench);
    const before = await bench.job(id);
    bench.clock.advance(1_000);
    const outcome = await workOn(bench.ports).work(delivery(message));
    expect(outcome).toMatchObject({ kind: 'given_back', ack: false, failed: null, lack: null });
    // Since when it waits is what routers judge Cloud Run by.
    expect(await bench.job(id)).toMatchObject({
      state: 'queued',
      attempt: 0,
      machineFaults: 0,
      claim: null,
      publishedAt: before.publishedAt,
    });
    expect(await textAt(bench, 'sketch/cat.png')).toBeNull();
    expect(pauses[0]).toBe(true);
  });

  it.each<[string, Behaviour, Partial<RemoteLimits>?]>([
    ['ended before it answered', (response) => void response.destroy()],
    ['ended in the middle of its answer', cutting(50_000)],
    ['fell silent in the middle of its answer', stalling(50_000), { idleMs: 50 }],
    ['was ended for its memory', failing({ kind: 'machine', lack: 'processes', message: 'None.' })],
  ])('is given back, uncounted and without a trace of a result, where an instance %s', async (...each) => {
    const [, behaviour, changes] = each;
    const { bench, workOn, service, folder } = await box(changes);
    service.behave(behaviour);
    const { id, message } = await droppedForRun(bench);
    expect((await workOn(bench.ports).work(delivery(message))).ack).toBe(false);
    expect(await bench.job(id)).toMatchObject({ state: 'queued', attempt: 0, machineFaults: 1 });
    expect(await readdir(folder)).toEqual([]);
    service.behave(answering(Buffer.from(result)));
    expect(await workOn(bench.ports).work(delivery(message))).toMatchObject({ kind: 'succeeded' });
    expect(await textAt(bench, (await bench.job(id)).result?.name)).toBe(result);
  });

  it('does not end one instance after another for ever', async () => {
    const { bench, workOn, service } = await box();
    service.behave((response) => void response.destroy());
    const { id, message } = await droppedForRun(bench);
    let work = 0;
    for (; !isTerminal((await bench.job(id)).state) && work < 100; work++) {
      await workOn(bench.ports).work(delivery(message));
    }
    expect(await bench.job(id)).toMatchObject({ state: 'failed' });
    expect(work).toBeLessThan(30);
  });

  it('is given back when this machine has to end, and its picture is called off there', async () => {
    const { bench, workOn, service } = await box();
    const begun = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    service.behave((response) => {
      response.once('close', gone.resolve);
      begun.resolve();
    });
    const { id, message } = await droppedForRun(bench);
    const work = workOn(bench.ports);
    const outcome = work.work(delivery(message));
    await begun.promise;
    work.giveBack();
    expect(await outcome).toMatchObject({ kind: 'given_back', ack: false });
    await gone.promise;
    expect(await bench.job(id)).toMatchObject({ state: 'queued', attempt: 0, machineFaults: 0 });
  });
});

describe('what routers learn of Cloud Run', () => {
  it('are heartbeats of the instances that answered, with their own figures and without the way there', async () => {
    const { bench, workOn, service, instances } = await box();
    const instance = instanceReport({ id: 'run-7', slots: 3, upMs: 90_000 });
    service.behave(answering(Buffer.from(result), { instance }));
    const { message } = await droppedForRun(bench);
    await workOn(bench.ports).work(delivery(message));
    await instances.runNow();
    const { workers } = await bench.ports.fleet.read();
    const [beat] = workers.filter(({ kind }) => kind === 'run');
    expect(beat).toMatchObject({
      id: 'run-7',
      state: 'ready',
      slots: 3,
      models: instance.models,
      offers: instance.offers,
      cpu: instance.cpu,
      memory: instance.memory,
      version: '1.2.3',
      coldStartMs: null,
      perOperation: { sketch: { succeeded: 1, failed: 0 } },
    });
    expect(bench.clock.now().getTime() - (beat?.startedAt.getTime() ?? 0)).toBe(90_000);
  });

  it('is a cold start where an instance was started for the job, and only then', async () => {
    const { bench, workOn, service, instances } = await box();
    const young = instanceReport({ id: 'run-8', upMs: 1 });
    const { message } = await droppedForRun(bench);
    bench.clock.advance(3_000);
    service.behave(answering(Buffer.from(result), { instance: young }));
    await workOn(bench.ports).work(delivery(message));
    await instances.runNow();
    const { workers } = await bench.ports.fleet.read();
    expect(workers.find(({ id }) => id === 'run-8')?.coldStartMs).toBeGreaterThanOrEqual(3_000);
  });

  it('is nothing new of an instance without requests: it does not beat', async () => {
    const { bench, workOn, instances } = await box();
    const { message } = await droppedForRun(bench);
    await workOn(bench.ports).work(delivery(message));
    await instances.runNow();
    bench.clock.advance(10_000);
    await instances.runNow();
    const { workers } = await bench.ports.fleet.read();
    expect(workers.find(({ id }) => id === 'run-1')?.ageMs).toBe(10_000);
  });
});

describe('a Cloud Run that takes no pictures', () => {
  it('is found out by routers, tried out with a picture of Spillway’s own, and used again', async () => {
    const { bench, workOn, service, pauses } = await box();
    const { ports, clock } = bench;
    const breaker = async () => (await ports.routerStates.read()).breaker;
    service.behave(refusing(429));
    service.health.status = 503;
    const { id, message } = await droppedForRun(bench);
    ports.queue.messages.run.push(message);
    /** What this machine does in a second, and the sweep. */
    async function second(): Promise<void> {
      const messages = pauses.at(-1) === true ? [] : ports.queue.messages.run.splice(0);
      for (const each of messages) {
        const { ack } = await workOn(ports).work(delivery(each));
        if (!ack) ports.queue.messages.run.push(each);
      }
      clock.advance(1_000);
      await sweepOnce('sweeper', ports);
    }
    for (let round = 0; round < 20 && (await breaker()).state === 'closed'; round++) await second();
    expect(await breaker()).toMatchObject({
      state: 'paused',
      why: expect.stringMatching(/^Work for it has not been taken for \d+ s longer than expected\.$/),
    });
    // A VM that comes gets what waits.
    await bench.beats();
    await second();
    expect((await bench.job(id)).route).toMatchObject({ target: 'vm', reason: 'vm_run_paused' });
    expect((await bench.drop('sketch/next.jpg'))[0]?.route).toMatchObject({ reason: 'vm_run_paused' });
    service.behave(answering(Buffer.from(result)));
    service.health.status = 200;
    await expect.poll(() => pauses.at(-1)).toBe(false);
    for (let round = 0; round < 60 && (await breaker()).state !== 'closed'; round++) await second();
    expect(await breaker()).toMatchObject({ state: 'closed' });
    const [probe] = service.asked.slice(-1);
    expect(probe?.picture.length).toBeGreaterThan(0);
  });
});

describe.each([1, 2, 3])('a world in which everything breaks off, seed %i', (seed) => {
  it('loses no job and ends none twice, and keeps no part of a result', async () => {
    const random = seededRandom(seed);
    const uploads = 24;
    const { bench, workOn, service, pauses, folder } = await box({ idleMs: 30 });
    const { ports, clock } = bench;
    const isPaused = () => pauses.at(-1) === true;
    const whole = Buffer.from(result);
    service.behave((response, asked) => {
      const share = random();
      const behaviour =
        share < 0.4
          ? answering(whole)
          : share < 0.5
            ? cutting(Math.floor(random() * 100_000))
            : share < 0.55
              ? stalling(Math.floor(random() * 100_000))
              : share < 0.62
                ? answering(whole, { crc32c: 'AAAAAA==' })
                : share < 0.69
                  ? answering(whole, { size: 3 })
                  : share < 0.76
                    ? refusing(429)
                    : share < 0.83
                      ? refusing(503)
                      : share < 0.9
                        ? refusing(200)
                        : (gone: typeof response) => void gone.destroy();
      behaviour(response, asked);
    });
    const succeeded = new Map<string, number>();
    const deaths = new Map<string, number>();
    const note = (outcome: Outcome) => {
      if (outcome.kind !== 'succeeded') return;
      succeeded.set(outcome.job.id, (succeeded.get(outcome.job.id) ?? 0) + 1);
    };
    clock.advance(60_000);
    for (let index = 0; index < uploads; index++) await bench.drop(`sketch/${index}.jpg`);
    const allJobs = () => bench.jobs();
    const isOver = async () => (await allJobs()).every(({ state, outbox }) => isTerminal(state) && !outbox);
    for (let round = 0; round < 400 && !(await isOver()); round++) {
      const messages = isPaused() ? [] : ports.queue.messages.run.splice(0, 4);
      await Promise.all(
        messages.map(async (message) => {
          // This machine is killed after its claim. A third time would end the job as poison.
          const { jobId } = message;
          const dies = random() < 0.2 && (deaths.get(jobId) ?? 0) < 2;
          if (dies) deaths.set(jobId, (deaths.get(jobId) ?? 0) + 1);
          const outcome = await workOn(dies ? dyingPorts(ports) : ports).work(delivery(message));
          if (!dies) note(outcome);
          if (dies || !outcome.ack || random() < 0.1) ports.queue.messages.run.push(message);
        }),
      );
      // Later there is a VM, too, and what Cloud Run does not take goes there.
      if (round > 40) await bench.beats();
      if (round > 40) note(await handleNextInLine(bench.executor('vm-1')));
      clock.advance(1_000);
      await sweepOnce('sweeper', ports);
      if (isPaused()) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const jobs = await allJobs();
    expect(jobs).toHaveLength(uploads);
    for (const job of jobs) {
      expect(job.state).toBe('succeeded');
      expect(succeeded.get(job.id) ?? 0).toBeLessThanOrEqual(1);
      const made = job.route.target === 'run' ? result : 'result';
      expect(await textAt(bench, job.result?.name)).toBe(made);
      expect(job.result?.size).toBe(made.length);
      const ends = ports.queue.announced.filter(({ event }) => event.jobId === job.id);
      expect(new Set(ends.map(({ id }) => id)).size).toBe(1);
    }
    expect(jobs.filter(({ route }) => route.target === 'run').length).toBeGreaterThan(0);
    expect(await readdir(folder)).toEqual([]);
  });
});

/** What a machine sees that is killed after its claim: nothing that it does from then on has any effect. */
function dyingPorts(ports: MemoryPorts): MemoryPorts {
  const dead = () => Promise.reject(new OutageError('The machine was killed.'));
  let claimed = false;
  const replace: MemoryPorts['jobs']['replace'] = async (stored, next) => {
    if (claimed) return dead();
    const written = await ports.jobs.replace(stored, next);
    claimed = written?.job.state === 'processing';
    return written;
  };
  return { ...ports, jobs: { ...ports.jobs, replace }, blobs: { ...ports.blobs, writeOnce: dead } };
}
