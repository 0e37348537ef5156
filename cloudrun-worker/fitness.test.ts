import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { givenBack, type Outcome } from '@spillway/pipeline/outcome.ts';
import { expect, it } from 'vitest';
import { createFitness, type Fitness } from './fitness.ts';

const full = { lack: 'disk', why: 'Its disk is full or fails.' } as const;
const lacking = givenBack(full.why, { lack: { what: 'disk', wantedBytes: 5_000 } });

/** An instance whose jobs end as `outcome`, and whose self-test as `problem` says. */
function instance(outcome: Outcome, problem: typeof full | null) {
  const tests: number[] = [];
  /** How many tests had been made whenever others were given what had not begun. */
  const givenBackAt: number[] = [];
  const fitness: Fitness = createFitness(
    {
      slots: 1,
      busy: () => 0,
      inFlight: () => 0,
      giveBackWaiting: () => void givenBackAt.push(tests.length),
      async work() {
        fitness.observe(outcome);
        return outcome;
      },
      async selfTest(wantedBytes) {
        tests.push(wantedBytes);
        return problem;
      },
    },
    1,
    createMemoryPorts().log,
  );
  return { fitness, tests, givenBackAt };
}

it('an instance whose machine cannot work takes nothing more, gives back what has not begun, and ends', async () => {
  const { fitness, tests, givenBackAt } = instance(lacking, full);
  expect(fitness.work.unfit()).toBeNull();
  expect(await fitness.work.work({ data: 'message', trace: null })).toBe(lacking);
  expect(fitness.work.unfit()).toBe(full.why);
  expect(await fitness.lost).toMatchObject({ name: 'MachineError', lack: 'disk', message: full.why });
  expect(tests).toEqual([5_000]);
  expect(givenBackAt).toEqual([0]);
});

it('one that is well again within the same request goes on', async () => {
  const { fitness } = instance(lacking, null);
  await fitness.work.work({ data: 'message', trace: null });
  expect(fitness.work.unfit()).toBeNull();
});

it('a job’s own failure and an outage are no reason to look', async () => {
  const { fitness, tests } = instance(givenBack('Firestore did not answer.'), full);
  await fitness.work.work({ data: 'message', trace: null });
  expect([tests, fitness.work.unfit()]).toEqual([[], null]);
});

it('one whose machine fails another job during its self-test makes another one', async () => {
  const underWay = Promise.withResolvers<typeof full | null>();
  const results = [underWay.promise, Promise.resolve(full)];
  const tests: number[] = [];
  const givenBackAt: number[] = [];
  const outcomes = [lacking, givenBack(full.why, { lack: { what: 'disk', wantedBytes: 60_000 } })];
  const fitness: Fitness = createFitness(
    {
      slots: 2,
      busy: () => 0,
      inFlight: () => 0,
      giveBackWaiting: () => void givenBackAt.push(tests.length),
      async work() {
        const outcome = outcomes.shift() ?? lacking;
        fitness.observe(outcome);
        return outcome;
      },
      selfTest(wantedBytes) {
        tests.push(wantedBytes);
        return results.shift() ?? Promise.resolve(null);
      },
    },
    1,
    createMemoryPorts().log,
  );
  const first = fitness.work.work({ data: 'message', trace: null });
  await expect.poll(() => tests).toEqual([5_000]);
  const second = fitness.work.work({ data: 'message', trace: null });
  underWay.resolve(null);
  await Promise.all([first, second]);
  expect(tests).toEqual([5_000, 60_000]);
  expect(fitness.work.unfit()).toBe(full.why);
});
