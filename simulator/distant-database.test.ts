import { begin, isThenable, type Steps, waitFor } from '@spillway/core/steps.ts';
import { reserved } from '@spillway/core/transitions.ts';
import { createMemoryDatabase } from '@spillway/pipeline/memory/ports.ts';
import type { Creation } from '@spillway/pipeline/ports/jobs.ts';
import { expect, it } from 'vitest';
import { DatabaseOperations, distantDatabase } from './distant-database.ts';
import { requestOf } from './jobs.ts';
import { randomStream } from './random.ts';
import { Engine, Machine, type Time } from './virtual-time.ts';

const always = (medianMs: number) => ({ medianMs, sigma: 0 });
const latency = { query: always(20), get: always(10), write: always(30) };

function world() {
  const engine = new Engine();
  const near = createMemoryDatabase({ clock: engine });
  const operations = new DatabaseOperations();
  const random = randomStream(1, 'latency');
  const connect = (home: Time = engine) =>
    distantDatabase(near, { engine, home, latency, random, operations });
  const { stored } = near.jobs.create(newJob()) as Creation;
  /** Runs steps to their end, and tells when that was. */
  function timed<Result>(steps: Steps<Result>) {
    const seen: { ms: number; result: Result }[] = [];
    const end = begin(steps);
    const note = (result: Result) => seen.push({ ms: engine.ms, result });
    if (isThenable(end)) end.then(note, () => expect.unreachable());
    return seen;
  }
  return { engine, near, operations, connect, stored, timed, run: () => engine.run(() => false, 1_000) };
}

function newJob() {
  const request = requestOf({
    index: 0,
    operation: 'sketch',
    owner: 'ada',
    arrivedAt: 0,
    pixels: 1e6,
  } as never);
  return reserved({ ...request, id: 'job', reservation: 'r', objectiveMs: 2_000, workMs: 100 }, new Date(0));
}

it('judges a write when it reaches the database, and looks one up that was refused', () => {
  const { connect, stored, operations, timed, run } = world();
  const { jobs } = connect();
  const first = timed(waitFor(jobs.replace(stored, { ...stored.job, attempt: 1 })));
  const second = timed(waitFor(jobs.replace(stored, { ...stored.job, attempt: 2 })));
  run();
  expect(first).toMatchObject([{ ms: 30, result: { job: { attempt: 1 } } }]);
  expect(second).toEqual([{ ms: 40, result: null }]);
  expect(operations).toMatchObject({ writes: 2, refused: 1, gets: 1 });
});

it('shows in a list what is there half-way', () => {
  const { connect, engine, near, stored, operations, timed, run } = world();
  const { backlog } = connect();
  const before = timed(waitFor(backlog.line('vm', 4)));
  engine.at(9, () => void near.jobs.replace(stored, { ...stored.job, attempt: 7 }));
  engine.at(11, () => void near.jobs.replace(stored, { ...stored.job, state: 'cancelled' }));
  run();
  expect(before).toMatchObject([{ ms: 20, result: [{ job: { attempt: 7 } }] }]);
  expect(operations).toMatchObject({ queries: 1, documents: 1 });
});

it('writes what a machine has sent that dies, and tells it nothing, nor what takes its place', () => {
  const { connect, engine, near, stored, timed, run } = world();
  const machine = new Machine(engine);
  const told = timed(waitFor(connect(machine).jobs.replace(stored, { ...stored.job, attempt: 1 })));
  engine.at(10, () => machine.die());
  run();
  expect(near.jobs.get('job')).toMatchObject({ job: { attempt: 1 } });
  expect(told).toEqual([]);
});
