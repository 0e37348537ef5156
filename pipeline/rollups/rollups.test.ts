import { RefusedError } from '@spillway/core/errors.ts';
import type { Job, JobState } from '@spillway/core/job.ts';
import { contentOf, nothingSeen, recordsOf, shardContent, shardOf } from '@spillway/core/rollups/document.ts';
import { observe } from '@spillway/core/rollups/histogram.ts';
import { machineOf } from '@spillway/core/rollups/machines.ts';
import { cellsOf, groupParts, type RecordOf, recordForms, tallyIn } from '@spillway/core/rollups/rollup.ts';
import { endStates } from '@spillway/core/rollups/tally.ts';
import { overTime } from '@spillway/core/steps.ts';
import { sampleJob } from '@spillway/core/testing/sample-job.ts';
import { sampleWorker } from '@spillway/core/testing/sample-worker.ts';
import { seededRandom } from '@spillway/core/testing/seeded-random.ts';
import * as transitions from '@spillway/core/transitions.ts';
import { expect, it } from 'vitest';
import { readConditionsNow } from '../conditions.ts';
import { createMemoryPorts } from '../memory/ports.ts';
import { tellDecision, tellEnd } from '../telemetry/facts.ts';
import { manualClock, timeOf } from '../testing/manual-clock.ts';
import { startRollupFlush } from './flush.ts';
import { createRollupLeader } from './leader.ts';
import { arrivalsByMinute, readRange, readState } from './read-rollups.ts';
import { createRecorder } from './recorder.ts';

/** Programs that work on one database in memory, and the leader that merges what they write. */
function world() {
  const clock = manualClock(new Date('2026-03-01T22:00:30Z'));
  const ports = createMemoryPorts(timeOf(clock));
  const leader = createRollupLeader(ports);
  let created = 0;

  /** A program. What it was told and has not written is lost with it. */
  const program = () => {
    const recorder = createRecorder(clock);
    const flush = startRollupFlush('program', { ...ports, ownRecords: recorder }, null);
    return { ...ports, recorder, flush: flush.stop };
  };

  async function end(by: ReturnType<typeof program>, state: JobState, owner = 'ann'): Promise<void> {
    const now = clock.now();
    const source = { ...sampleJob().source, timeCreated: now };
    const reserved = sampleJob({ id: `job-${++created}`, owner, source, clockStartsAt: now });
    const { stored } = await ports.jobs.create(reserved);
    const { epoch: _, at: __, movedFrom: ___, lanes: ____, decideBy: _____, ...choice } = stored.job.route;
    const routed = transitions.routed(stored.job, { ...choice, reason: 'vm_in_time', dollars: 0.01 }, now);
    tellDecision(stored.job, routed, by);
    const ended = endOf(routed, state, clock.now());
    await ports.jobs.replace(stored, ended);
    tellEnd(ended, by);
  }

  /** A sweep that had the lease. */
  async function lead(): Promise<void> {
    leader.observe(await overTime(readConditionsNow(ports)));
    await leader.run();
  }

  async function leadFor(minutes: number): Promise<void> {
    for (let step = 0; step < minutes * 2; step++) {
      clock.advance(30_000);
      await ports.fleet.beat(sampleWorker({ expiresAt: new Date(clock.now().getTime() + 60_000) }));
      await lead();
    }
  }

  async function read(range: '15m' | '3h' | '24h' | '7d' | '30d'): Promise<RecordOf['jobs']> {
    const reading = await readRange('jobs', range, clock.now(), await readState(ports), ports);
    const sum = recordForms.jobs.empty();
    for (const record of reading.steps.values()) recordForms.jobs.add(sum, record);
    return sum;
  }

  return { clock, ports, program, end, lead, leadFor, read };
}

function endOf(job: Job, state: JobState, at: Date): Job {
  const error = { code: 'corrupt_image', message: 'It is broken.', retryable: false } as const;
  const timings = { waitMs: 300, downloadMs: 40, slotWaitMs: 0, processMs: 500, storeMs: 60, totalMs: 900 };
  if (state === 'failed') return transitions.failed(job, error, at);
  return { ...transitions.cancelled(job, at), state, ...(state === 'succeeded' ? { timings } : {}) };
}

const endedIn = ({ cells }: RecordOf['jobs']) =>
  Object.fromEntries(
    endStates.map((state) => [state, [...cells.values()].reduce((sum, tally) => sum + tally[state], 0)]),
  );

it('adds up to what the documents of the jobs say, at every level', async () => {
  const { program, end, leadFor, read, ports } = world();
  const programs = [program(), program(), program()];
  const random = seededRandom(3);
  for (let minute = 0; minute < 200; minute++) {
    for (let job = 0; job < 3; job++) {
      const by = programs[Math.floor(random() * programs.length)] ?? program();
      await end(by, endStates[Math.floor(random() * 4)] ?? 'failed', `owner-${Math.floor(random() * 30)}`);
    }
    await Promise.all(programs.map(({ flush }) => flush()));
    await leadFor(1);
  }
  const { jobs } = await ports.feed.find({}, 1_000, null);
  const truth = (state: JobState) => jobs.filter((job) => job.state === state).length;
  const expected = Object.fromEntries(endStates.map((state) => [state, truth(state)]));
  for (const range of ['24h', '7d', '30d'] as const) {
    const all = await read(range);
    expect(endedIn(all), range).toEqual(expected);
    expect(all.system?.samples, range).toBeGreaterThan(190);
  }
  const day = await read('24h');
  const [[name, cell] = ['', null]] = day.cells;
  expect(name).toBe('sketch interactive vm');
  expect(cell?.decided).toEqual({ vm_in_time: 600 });
  expect(cell?.predicted).toBeCloseTo(6);
  expect(cell?.billedMs).toBe(600 * truth('succeeded'));
  const state = await readState(ports);
  expect(state.hoursFrom?.toISOString()).toBe('2026-03-02T01:00:00.000Z');
  const arrived = await arrivalsByMinute(new Date('2026-03-01T22:00Z'), new Date('2026-03-01T23:00Z'), ports);
  expect(arrived).toHaveLength(60);
  expect(arrived[0]).toEqual({
    at: new Date('2026-03-01T22:00Z'),
    operation: 'sketch',
    class: 'interactive',
    jobs: 3,
  });
  const { steps } = await readRange('owner', '24h', new Date('2026-03-02T01:20Z'), state, ports);
  for (const { values } of steps.values()) expect(values.size).toBeLessThanOrEqual(20);
  const owners = [...steps.values()].flatMap(({ values, others }) => [...values.values(), others]);
  const ofOwners = recordForms.jobs.empty();
  for (const cells of owners) recordForms.jobs.add(ofOwners, { ...recordForms.jobs.empty(), cells });
  expect(endedIn(ofOwners)).toEqual(expected);
});

it('loses with a program that is killed what it had not written, and still counts its jobs', async () => {
  const { program, end, leadFor, read } = world();
  const killed = program();
  for (let job = 0; job < 4; job++) await end(killed, 'succeeded');
  await killed.flush();
  for (let job = 0; job < 3; job++) await end(killed, 'failed');
  // It never writes these.
  await leadFor(15);
  const all = await read('24h');
  expect(endedIn(all)).toMatchObject({ succeeded: 4, failed: 0 });
  expect(all.counted).toMatchObject({ succeeded: 4, failed: 3 });
});

it('counts a shard once whose writer has written it twice', async () => {
  const { program, end, lead, leadFor, read, ports } = world();
  const by = program();
  await end(by, 'succeeded');
  await by.flush();
  const [shard] = await ports.metricsDocuments.between('shard.', 'shard/', 10);
  await lead();
  expect(await ports.metricsDocuments.between('shard.', 'shard/', 10)).toEqual([]);
  if (shard) await ports.metricsDocuments.create(shard.document);
  await leadFor(1);
  expect(endedIn(await read('15m'))).toMatchObject({ succeeded: 1 });
  expect(await ports.metricsDocuments.between('shard.', 'shard/', 10)).toEqual([]);
});

it('takes in what a program writes hours later', async () => {
  const { program, end, leadFor, read, clock } = world();
  const frozen = program();
  await end(frozen, 'succeeded');
  await leadFor(130);
  expect(endedIn(await read('7d'))).toMatchObject({ succeeded: 0 });
  clock.advance(1_000);
  await frozen.flush();
  await leadFor(2);
  for (const range of ['3h', '24h', '7d', '30d'] as const) {
    expect(endedIn(await read(range)), range).toMatchObject({ succeeded: 1 });
  }
});

it('goes on after a shard that the database refuses', async () => {
  const { program, end, leadFor, read, ports } = world();
  const by = program();
  const { create } = ports.metricsDocuments;
  ports.metricsDocuments.create = () => {
    throw new RefusedError('It is too long.');
  };
  await end(by, 'failed');
  await by.flush();
  ports.metricsDocuments.create = create;
  await end(by, 'succeeded');
  await by.flush();
  await leadFor(1);
  expect(endedIn(await read('15m'))).toMatchObject({ succeeded: 1, failed: 0 });
});

it('writes no shard that is longer than a document may be', () => {
  const minutes = Array.from(
    { length: 15 },
    (_, minute) => Date.parse('2026-03-01T22:00Z') + minute * 60_000,
  );
  const seen = nothingSeen();
  for (const minute of minutes) {
    for (const part of groupParts) {
      const record = recordForms[part].empty();
      for (let value = 0; value < 50; value++) {
        const tally = tallyIn(cellsOf(record, `${value} ${'x'.repeat(290)}`), 'sketch interactive vm');
        for (let bucket = 0; bucket < 60; bucket++) observe(tally.wait, 2 ** (bucket / 8));
        tally.succeeded = value + 1;
      }
      seen[part].set(minute, record);
    }
  }
  const content = shardContent({ writer: 'w', number: 1, seen });
  expect(Buffer.byteLength(content)).toBeLessThan(2 ** 20);
  const kept = shardOf(content)?.seen.owner.values() ?? [];
  for (const { values, others } of kept) {
    const jobs = [...values.values(), others].flatMap((cells) => [...cells.values()]);
    expect(jobs.reduce((sum, { succeeded }) => sum + succeeded, 0)).toBe((50 * 51) / 2);
  }
});

it('writes no day of machines that is longer than a document may be, and keeps those that beat most often', () => {
  const hours = Array.from({ length: 24 }, (_, hour) => Date.parse('2026-03-01T00:00Z') + hour * 3_600_000);
  const machine = {
    ...machineOf(sampleWorker({})),
    cpu: 123.45678,
    memory: 345.67891,
    ownBytes: 1.2345678e11,
  };
  const machines = Array.from({ length: 200 }, (_, index) => {
    const id = `${index}`.padStart(76, 'worker-of-a-service-with-a-long-name-');
    return [id, { ...machine, beats: 1_000 + index }] as const;
  });
  const records = new Map(hours.map((at) => [at, new Map(machines)]));
  const content = contentOf('machines', records);
  expect(Buffer.byteLength(content)).toBeLessThan(2 ** 20);
  for (const kept of recordsOf('machines', content).values()) {
    expect(kept.size).toBeGreaterThan(100);
    expect([...kept.keys()].sort()).toEqual(
      machines
        .slice(-kept.size)
        .map(([id]) => id)
        .sort(),
    );
  }
});
