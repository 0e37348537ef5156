import { describe, expect, it } from 'vitest';
import { noWork, type Route, type SidePrediction, type Target } from '../job.ts';
import { routingSettingsSchema } from '../settings.ts';
import { steadyService } from '../testing/learned-service.ts';
import { later, noon, sampleJob } from '../testing/sample-job.ts';
import { sampleLedger, sampleQuestion } from '../testing/sample-question.ts';
import { sampleWorker } from '../testing/sample-worker.ts';
import type { RouteChoice } from '../transitions.ts';
import { decideFromHere, lookAt, reviewLines, shouldMove, type Waiting } from './moves.ts';
import type { Conditions } from './question.ts';
import { initialRouterState } from './state.ts';

const exactly = (ms: number) => ({ p50: ms, p90: ms, count: 20 });
const idle = { vm: noWork, run: noWork };
const vm = sampleWorker({ slots: 1 });
/** Ten warm instances. */
const warm = sampleWorker({ id: 'run-1', kind: 'run', slots: 10 });

/** Captions take 2,530 ms; predictions have no spread, so that the figures below can be added up by hand. */
function conditions(changes: Partial<Conditions> = {}): Conditions {
  const learned = { sketch: steadyService(1), caption: steadyService(1) };
  return {
    now: noon,
    reach: { kind: 'jobs' },
    workers: [vm, warm],
    state: {
      ...initialRouterState,
      learned: { vm: learned, run: learned },
      delivery: { vm: exactly(100), run: exactly(250) },
    },
    settings: routingSettingsSchema.parse({ confidence: 0 }),
    ...changes,
  };
}

/** A job that waits for a side since noon and is due `dueMs` milliseconds later. */
function waiting(id: string, target: Target, dueMs: number, changes: Partial<Waiting> = {}): Waiting {
  const { route } = sampleJob();
  const caption = { operation: 'caption', pixels: 1e6 } as const;
  const due = { deadlineAt: later(dueMs), turnAt: later(dueMs) };
  const decided = { ...route, target, reason: 'vm_in_time', workMs: 2_530, epoch: 0 } as const;
  return { id, ...caption, bytes: 400_000, model: null, ...due, route: decided, waitedMs: 0, ...changes };
}

function moves(lines: { vm?: Waiting[]; run?: Waiting[] }, changes: Partial<Conditions> = {}) {
  const { vm: onVm = [], run = [] } = lines;
  const made = reviewLines({ vm: onVm, run, running: idle, before: idle }, conditions(changes));
  return made.map(({ job, choice }) => `${job.id} to ${choice.target}`);
}

describe('two lines', () => {
  it('are judged by what is known now, whatever the decisions expected', () => {
    const expected = { ...waiting('', 'vm', 0).route, workMs: 100 };
    const onVm = [1, 2, 3].map((place) => waiting(`${place}`, 'vm', 6_000, { route: expected }));
    expect(moves({ vm: onVm })).toEqual(['3 to run']);
  });

  it('are not sent to Cloud Run beyond what an hour may cost, all moves taken together', () => {
    const onVm = ['a', 'b', 'c', 'd'].map((id) => waiting(id, 'vm', 1_000));
    const late = moves({ vm: onVm });
    expect(late.length).toBeGreaterThan(2);
    const settings = routingSettingsSchema.parse({ confidence: 0, run: { mostDollarsPerHour: 0.0001 } });
    expect(moves({ vm: onVm }, { settings })).toEqual(late.slice(0, 1));
  });

  it('stay as they are while all are in time', () => {
    const onVm = [waiting('a', 'vm', 3_000), waiting('b', 'vm', 6_000)];
    expect(moves({ vm: onVm, run: [waiting('c', 'run', 4_000)] })).toEqual([]);
  });

  it('keep on the VMs, while all of them are silent, what Cloud Run has no model for', () => {
    const onVm = [waiting('a', 'vm', 3_000, { model: 'blip-large' }), waiting('b', 'vm', 6_000)];
    const silent = sampleWorker({ ageMs: 30_000 });
    expect(moves({ vm: onVm }, { workers: [silent, warm] })).toEqual(['b to run']);
  });

  it('lose from the VMs what would be late there, and no more than has to go', () => {
    // The first ends after 2.6 s, the second after 5.2 s, the third, once the second is gone, after 5.2 s too.
    const onVm = [waiting('a', 'vm', 4_000), waiting('b', 'vm', 4_001), waiting('c', 'vm', 6_000)];
    expect(moves({ vm: onVm })).toEqual(['b to run']);
  });

  it('send to Cloud Run no more than it can do sooner', () => {
    const onVm = Array.from({ length: 6 }, (_, index) => waiting(String(index), 'vm', 2_000));
    const settings = routingSettingsSchema.parse({ confidence: 0, run: { maxInstances: 1 } });
    // All are late. Each that goes makes it later there for the next, as each that stays does here: they alternate.
    expect(moves({ vm: onVm }, { settings })).toEqual(['1 to run', '3 to run', '5 to run']);
  });

  it('count what was on Cloud Run before', () => {
    const settings = routingSettingsSchema.parse({ confidence: 0, run: { maxInstances: 1 } });
    const onVm = [waiting('a', 'vm', 3_000), waiting('b', 'vm', 3_001)];
    expect(moves({ vm: onVm }, { settings })).toEqual(['b to run']);
    const onRun = [1, 2, 3].map((id) => waiting(String(id), 'run', 60_000));
    expect(moves({ vm: onVm, run: onRun }, { settings })).toEqual([]);
  });

  it('empty themselves towards the side that is left', () => {
    const onVm = [waiting('a', 'vm', 20_000), waiting('b', 'vm', 30_000)];
    expect(moves({ vm: onVm }, { workers: [warm] })).toEqual(['a to run', 'b to run']);
    const { state } = conditions();
    const breaker = { ...state.breaker, state: 'paused' as const, until: later(10_000) };
    const paused = { ...state, breaker };
    const onRun = [waiting('c', 'run', 20_000), waiting('d', 'run', 30_000)];
    expect(moves({ run: onRun }, { state: paused })).toEqual(['c to vm', 'd to vm']);
    expect(moves({ vm: onVm, run: onRun }, { workers: [], state: paused })).toEqual([]);
  });

  it('take back to the VMs what Cloud Run would do too late, each where its turn is', () => {
    const cold = { workers: [vm] };
    const settings = routingSettingsSchema.parse({ confidence: 0, run: { coldStartMs: 20_000 } });
    const late = waiting('late', 'run', 4_000);
    expect(moves({ run: [late] }, { ...cold, settings })).toEqual(['late to vm']);
    // Its turn comes before those that wait there with later ones.
    const patient = Array.from({ length: 12 }, (_, index) => waiting(`x${index}`, 'vm', 90_000));
    expect(moves({ vm: patient, run: [late] }, { ...cold, settings })).toEqual(['late to vm']);
    // And after those with earlier ones, and after what was taken back before it.
    const many = Array.from({ length: 12 }, (_, index) => waiting(String(index), 'run', 4_000));
    expect(moves({ run: many }, { ...cold, settings }).length).toBe(8);
  });

  it('leave alone what was moved too often, while its side lives', () => {
    const first = waiting('first', 'vm', 3_000);
    const next = waiting('next', 'vm', 3_001);
    const moved = { ...next, route: { ...next.route, epoch: 3 } };
    expect(moves({ vm: [first, next] })).toEqual(['next to run']);
    expect(moves({ vm: [first, moved] })).toEqual([]);
    expect(moves({ vm: [first, moved] }, { workers: [warm] })).toEqual(['first to run', 'next to run']);
  });
});

const side = (finishMs: number): SidePrediction => ({
  waitMs: finishMs - 300,
  deliveryMs: finishMs - 300,
  serviceMs: 300,
  ioMs: 0,
  spreadMs: 0,
  finishMs,
  dollars: 0,
  inTime: false,
});
const onRun: Route = { ...sampleJob().route, target: 'run', epoch: 1 };
const toVm = (vm: number | null, run: number | null, budgetMs = 1_000): RouteChoice => ({
  ...sampleJob().route,
  target: 'vm',
  reason: 'vm_sooner',
  predicted: {
    vm: vm === null ? null : side(vm),
    run: run === null ? null : side(run),
    runClosed: null,
    budgetMs,
  },
});

describe('a waiting job', () => {
  it('is moved when its side is gone', () => {
    expect(shouldMove(onRun, toVm(9_000, null), 0)).toBe(true);
  });

  it('is moved when it would be late and the other side is clearly sooner', () => {
    expect(shouldMove(onRun, toVm(2_000, 4_000), 0)).toBe(true);
    expect(shouldMove(onRun, toVm(3_499, 4_000), 0)).toBe(true);
    expect(shouldMove(onRun, toVm(3_500, 4_000), 0)).toBe(false);
  });

  it('stays where the delivery that it waits for, a cold start say, is nearly over', () => {
    expect(shouldMove(onRun, toVm(2_000, 4_000), 1_400)).toBe(true);
    expect(shouldMove(onRun, toVm(2_000, 4_000), 2_500)).toBe(false);
  });

  it('is not expected sooner than its service for having waited behind others', () => {
    const behindOthers = toVm(2_000, 4_000);
    const run = { ...side(4_000), deliveryMs: 250 };
    const predicted = behindOthers.predicted && { ...behindOthers.predicted, run };
    expect(shouldMove(onRun, { ...behindOthers, predicted }, 60_000)).toBe(true);
  });

  it('stays where it is in time', () => {
    expect(shouldMove(onRun, toVm(500, 4_000, 5_000), 0)).toBe(false);
  });

  it('stays where the router would send it, and where the other side cannot take it', () => {
    expect(shouldMove({ ...onRun, target: 'vm' }, toVm(2_000, 4_000), 0)).toBe(false);
    expect(shouldMove(onRun, toVm(null, 9_000), 0)).toBe(false);
    expect(shouldMove(onRun, toVm(null, null), 0)).toBe(false);
  });

  it('stays on Cloud Run, where it was sent before the limit of cost was reached', () => {
    const choice = toVm(900_000, null);
    const closed = (runClosed: 'over_budget' | 'paused') => ({
      ...choice,
      predicted: choice.predicted && { ...choice.predicted, runClosed },
    });
    expect(shouldMove(onRun, closed('over_budget'), 0)).toBe(false);
    expect(shouldMove(onRun, closed('paused'), 0)).toBe(true);
  });

  it('is not sent back and forth for ever', () => {
    expect(shouldMove({ ...onRun, epoch: 3 }, toVm(2_000, 4_000), 0)).toBe(false);
    expect(shouldMove({ ...onRun, epoch: 3 }, toVm(2_000, null), 0)).toBe(true);
  });
});

const { ledger: _, operation, pixels, bytes, model, deadlineAt, turnAt, ...asked } = sampleQuestion();
const candidate = { operation, pixels, bytes, model, deadlineAt, turnAt };
const due = (ms: number) => ({ ...candidate, deadlineAt: later(ms), turnAt: later(ms) });

describe('a VM that has a job before it', () => {
  it('may be late by its own figures, be they learned or assumed', () => {
    // A sketch of a megapixel takes 200 ms here; nothing is known of captions.
    const learned = { sketch: steadyService(1) };
    expect(lookAt(due(200), learned, noon)).toEqual({ mayBeLate: false, laterTurn: null });
    expect(lookAt(due(199), learned, noon).mayBeLate).toBe(true);
    // Download and storing take their time, too.
    const io = { p50: 50, p90: 50, count: 9 };
    expect(lookAt(due(250), learned, noon, io)).toEqual({ mayBeLate: false, laterTurn: null });
    expect(lookAt(due(249), learned, noon, io).mayBeLate).toBe(true);
    // Assumed are 2530 ms: 1.1575 times that, and twice 0.6747 times.
    const caption = (ms: number) => lookAt({ ...due(ms), operation: 'caption' }, learned, noon).mayBeLate;
    expect([caption(6_340), caption(6_345)]).toEqual([true, false]);
  });

  it('is not in doubt about what is late already: no move helps it', () => {
    expect(lookAt(due(0), {}, noon).mayBeLate).toBe(false);
    expect(lookAt(due(-1), {}, noon).mayBeLate).toBe(false);
  });

  it('lets others pass where it is sure to be late', () => {
    const learned = { sketch: steadyService(1) };
    expect(lookAt(due(199), learned, noon).laterTurn).toEqual(later(15_199));
    expect(lookAt({ ...due(199), turnAt: later(15_199) }, learned, noon).laterTurn).toBeNull();
  });

  it('asks the router as if it were alone and free, whatever it last said of itself', () => {
    const slow = { sketch: { serviceMs: 0, succeeded: 20, failed: 0, learned: steadyService(20) } };
    const own = sampleWorker({ id: 'slow', state: 'draining', ageMs: 60_000, slots: 8, perOperation: slow });
    const workers = [own, sampleWorker({ id: 'swift' }), sampleWorker({ id: 'run-1', kind: 'run' })];
    const crowded = sampleLedger({ running: [50, 99_000], ahead: [50, 99_000], run: [3, 600] });
    const choice = decideFromHere('slow', { ...asked, workers }, candidate, crowded);
    expect(choice).toMatchObject({
      target: 'vm',
      predicted: { vm: { serviceMs: 4_000, waitMs: 100 } },
      ledger: { vm: { running: { jobs: 0 }, ahead: { jobs: 0 } }, run: { jobs: 3 } },
    });
    const warm = sampleWorker({ id: 'run-2', kind: 'run', slots: 10 });
    const sent = decideFromHere('slow', { ...asked, workers: [...workers, warm] }, candidate, crowded);
    expect(sent).toMatchObject({ target: 'run', reason: 'run_vm_late' });
  });
});
