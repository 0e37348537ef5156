import { OutageError, RetryableError } from '@spillway/core/errors.ts';
import { isTerminal, type Target, targetSchema } from '@spillway/core/job.ts';
import type { JobMessage } from '@spillway/core/messages.ts';
import { sampleWorker } from '@spillway/core/testing/sample-worker.ts';
import { describe, expect, it } from 'vitest';
import { deliver, type Process } from './deliver.ts';
import { createMemoryPorts, type MemoryPorts } from './memory/ports.ts';
import { routeUpload } from './route.ts';
import { sweepOnce } from './sweep.ts';
import { manualClock } from './testing/manual-clock.ts';
import { copying, workbench } from './testing/workbench.ts';

const uploads = 60;
/** Shares of calls that go wrong. */
const faults = {
  refused: 0.05,
  replyLost: 0.05,
  crash: 0.05,
  workerDies: 0.05,
  redelivered: 0.2,
  /** A worker is held up for longer than its claim lives; its renewals come through or not. */
  stalls: 0.03,
};

/**
 * Plays uploads through a world in which every service fails now and then, before or after doing what it was asked,
 * children crash, workers die or stall, and messages come twice, also at the same time. Seeded, so that a failure can be played again.
 */
async function play(seed: number) {
  const random = seededRandom(seed);
  const clock = manualClock();
  const steady = createMemoryPorts({ clock });
  const shaky: MemoryPorts = {
    ...steady,
    jobs: failingNowAndThen(steady.jobs, random, [
      'create',
      'get',
      'replace',
      'ahead',
      'waiting',
      'unpublished',
      'abandoned',
      'unannounced',
    ]),
    queue: failingNowAndThen(steady.queue, random, ['publish', 'announce']),
    blobs: failingNowAndThen(steady.blobs, random, ['download', 'writeOnce']),
    fleet: failingNowAndThen(steady.fleet, random, ['read']),
  };
  const { deliverer } = await workbench();
  const runs = new Map<string, number>();
  const unstable: Process = async (request) => {
    if (random() < faults.stalls) clock.advance(13_000);
    if (random() < faults.crash) throw new RetryableError('internal', 'The child was killed.');
    return copying(request);
  };

  const events = Array.from({ length: uploads }, (_, index) =>
    steady.blobs.upload('uploads', `sketch/${index}.jpg`, Buffer.from(String(index))),
  );
  for (let round = 0; round < 400; round++) {
    const { ageMs: _, ...heartbeat } = sampleWorker({ slots: 2 });
    await steady.fleet.beat(heartbeat);
    await route();
    for (const target of targetSchema.options) await work(target);
    clock.advance(1_000);
    await sweepOnce('sweeper', shaky).catch(expectOutage);
    if (events.length === 0 && (await allEnded())) break;
  }
  return { steady, runs };

  /** Eventarc: an event is brought again until the function has taken it, and sometimes once more. */
  async function route(): Promise<void> {
    for (const event of events.splice(0, 5)) {
      const taken = await routeUpload(event, null, shaky).then(() => true, expectOutage);
      if (!taken || random() < faults.redelivered) events.push(event);
    }
  }

  async function work(target: Target): Promise<void> {
    const messages = steady.queue.messages[target];
    const taken = messages.splice(0, 6).map((message) => serve(target, message));
    await Promise.all(taken);
  }

  async function serve(target: Target, message: JobMessage): Promise<void> {
    const messages = steady.queue.messages[target];
    const twice = random() < faults.redelivered ? 2 : 1;
    const deliveries = Array.from({ length: twice }, async () => {
      const dies = random() < faults.workerDies;
      const ports = dies ? dyingPorts(shaky) : shaky;
      const delivery = await deliver(message, { ...deliverer(`${target}-1`, unstable), ports, target });
      if (delivery.kind === 'succeeded') runs.set(delivery.job.id, (runs.get(delivery.job.id) ?? 0) + 1);
      // A worker that dies does not acknowledge, nor does one that gives back.
      if (dies || delivery.kind === 'given_back' || random() < faults.redelivered) messages.push(message);
    });
    await Promise.all(deliveries);
  }

  async function allEnded(): Promise<boolean> {
    const { jobs } = await steady.jobs.find({}, 1_000, null);
    return (
      jobs.length >= uploads &&
      jobs.every(({ state, eventPublishedAt }) => isTerminal(state) && eventPublishedAt)
    );
  }
}

describe('under faults everywhere', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'every upload ends once, with result, receipt and announcement (seed %i)',
    async (seed) => {
      const { steady, runs } = await play(seed);
      const { jobs } = await steady.jobs.find({}, 1_000, null);
      expect(jobs).toHaveLength(uploads);
      for (const job of jobs) {
        // Three crashes in a row end a job as poison: rare, and an end all the same.
        expect(['succeeded', 'failed']).toContain(job.state);
        if (job.state === 'failed') expect(job.error?.code).toBe('poison');
        else {
          expect(await steady.blobs.read('results', job.result?.name ?? '')).not.toBeNull();
          expect(await steady.blobs.read('results', job.result?.receipt ?? '')).not.toBeNull();
        }
        expect(runs.get(job.id) ?? 0).toBeLessThanOrEqual(1);
        const ends = steady.queue.announced.filter(({ event }) => event.jobId === job.id);
        expect(ends.length).toBeGreaterThanOrEqual(1);
        expect(new Set(ends.map(({ id }) => id)).size).toBe(1);
      }
      expect(jobs.filter(({ state }) => state === 'succeeded').length).toBeGreaterThan(uploads * 0.9);
    },
  );
});

/** Some calls are refused; of others the reply is lost after they took effect. */
function failingNowAndThen<Port extends object>(
  port: Port,
  random: () => number,
  methods: (keyof Port)[],
): Port {
  const shaky = { ...port };
  for (const method of methods) {
    const original = port[method] as (...args: unknown[]) => Promise<unknown>;
    const wrapped = async (...args: unknown[]) => {
      if (random() < faults.refused) throw new OutageError('Refused.');
      const answer = await original(...args);
      if (random() < faults.replyLost) throw new OutageError('The reply was lost.');
      return answer;
    };
    Object.assign(shaky, { [method]: wrapped });
  }
  return shaky;
}

/** What a worker sees that is killed after its claim: nothing it does from then on has any effect. */
function dyingPorts(ports: MemoryPorts): MemoryPorts {
  const dead = () => Promise.reject(new OutageError('The worker was killed.'));
  let replaces = 0;
  const replace: MemoryPorts['jobs']['replace'] = (stored, next) =>
    replaces++ === 0 ? ports.jobs.replace(stored, next) : dead();
  return { ...ports, jobs: { ...ports.jobs, replace }, blobs: { ...ports.blobs, writeOnce: dead } };
}

function expectOutage(error: unknown): false {
  expect(error).toBeInstanceOf(OutageError);
  return false;
}

/** A 32-bit linear congruential generator with the constants of Numerical Recipes. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
