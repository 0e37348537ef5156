import { describe, expect, it } from 'vitest';
import type { Worker } from '../heartbeat.ts';
import { costOfOneJob } from '../job-cost.ts';
import { runCost } from '../prices.ts';
import { routingSettingsSchema } from '../settings.ts';
import { steadyService, steadyStats } from '../testing/learned-service.ts';
import { later } from '../testing/sample-job.ts';
import { sampleLedger, sampleQuestion } from '../testing/sample-question.ts';
import { sampleWorker } from '../testing/sample-worker.ts';
import { predictBothSides } from './predict.ts';
import type { RoutingQuestion } from './question.ts';
import { initialRouterState, type RouterState } from './state.ts';

const exactly = (ms: number) => ({ p50: ms, p90: ms, count: 20 });
/** A world without spread: every sketch of a megapixel takes 200 ms, deliveries 100 and 250, cold starts 3 s. */
const known: RouterState = {
  ...initialRouterState,
  learned: { vm: { sketch: steadyService(1) }, run: { sketch: steadyService(1) } },
  delivery: { vm: exactly(100), run: exactly(250) },
  coldStart: exactly(3_000),
};
const vm = (changes: Partial<Worker> = {}) => sampleWorker({ kind: 'vm', slots: 2, ...changes });
const instance = (changes: Partial<Worker> = {}) => sampleWorker({ id: 'run-1', kind: 'run', ...changes });
const settings = (run: object) => routingSettingsSchema.parse({ run });

function predict(changes: Partial<RoutingQuestion> = {}) {
  return predictBothSides(sampleQuestion({ workers: [vm()], state: known, ...changes }));
}

describe('on the VMs', () => {
  it('an idle slot takes a job as soon as it is delivered', () => {
    expect(predict().vm).toEqual({
      waitMs: 100,
      deliveryMs: 100,
      serviceMs: 200,
      ioMs: 0,
      spreadMs: 0,
      finishMs: 300,
      dollars: costOfOneJob,
      inTime: true,
    });
  });

  it('what nobody has learned is taken from the settings and the prior, with a spread', () => {
    const { vm: side } = predict({ state: initialRouterState });
    // Service 200 · 1.1575 and 200 · 0.6747; delivery 100 and a third of it; 1.65 standard deviations of both.
    expect(side?.serviceMs).toBeCloseTo(231.5, 1);
    expect(side?.spreadMs).toBeCloseTo(Math.hypot(134.94, 33.33), 1);
    expect(side?.finishMs).toBeCloseTo(100 + 231.5 + 1.65 * 138.99, 0);
  });

  it('work ahead drains through all slots, what is in progress half done, and varies', () => {
    const { vm: side } = predict({ ledger: sampleLedger({ running: [2, 400], ahead: [4, 800] }) });
    expect(side?.waitMs).toBe(100 + (200 + 800) / 2);
    // A sum of six jobs: 0.6 · 500 / √6.
    expect(side?.spreadMs).toBeCloseTo(122.47, 2);
    expect(side?.finishMs).toBeCloseTo(100 + 500 + 200 + 1.65 * 122.47, 1);
  });

  it('has all of its work left where it is claimed ahead of its slot', () => {
    const waitMs = (ioMs: number) => {
      const state = { ...known, io: { vm: exactly(ioMs), run: null } };
      return predict({ state, ledger: sampleLedger({ running: [8, 1_600], ahead: [0, 0] }) }).vm?.waitMs;
    };
    // Two of eight jobs are half done.
    expect(waitMs(0)).toBe(100 + (2 * 100 + 6 * 200) / 2);
    // Two more are stored meanwhile, and have as much left as two that are fetched have not begun.
    expect(waitMs(200)).toBeCloseTo(100 + (4 * 100 + 4 * 200) / 2, 6);
  });

  it('is less certain of its turn where it has longer, for others may pass it', () => {
    const spreadMs = (dueMs: number) =>
      predict({ ledger: sampleLedger({ running: [2, 400], ahead: [4, 800] }), deadlineAt: later(dueMs) }).vm
        ?.spreadMs;
    // The shortest objective is that of sketches: nobody comes later and is due before them.
    expect(spreadMs(2_000)).toBeCloseTo(122.47, 2);
    // 0.6 of the 500 ms beside that.
    expect(spreadMs(2_001)).toBeCloseTo(Math.hypot(122.47, 300), 2);
  });

  it('does not wait while a slot is free, however long the others are busy', () => {
    const waitMs = (running: number) =>
      predict({ ledger: sampleLedger({ running: [running, 60_000] }) }).vm?.waitMs;
    expect(waitMs(1)).toBe(100);
    expect(waitMs(2)).toBe(100 + 60_000 / 2 / 2);
  });

  it('a slow VM in the pool takes fewer jobs, and makes the pool slower and less certain', () => {
    const slow = vm({ id: 'slow', slots: 1, perOperation: { sketch: steadyStats(3) } });
    const swift = vm({ id: 'swift', slots: 1, perOperation: { sketch: steadyStats(1) } });
    const { vm: side } = predict({ workers: [swift, slow] });
    // Of four jobs the swift one does three in 200 ms each, the slow one does one in 600 ms.
    expect(side?.serviceMs).toBeCloseTo(300, 6);
    expect(side?.spreadMs).toBeCloseTo(Math.sqrt((3 * 100 ** 2 + 300 ** 2) / 4), 6);
    expect(predict({ workers: [swift] }).vm?.serviceMs).toBe(200);
  });

  it('what a VM has learned itself counts before what all VMs have', () => {
    const own = vm({ perOperation: { sketch: steadyStats(2) } });
    expect(predict({ workers: [own] }).vm?.serviceMs).toBe(400);
    const newcomer = vm({ perOperation: { sketch: steadyStats(9, 2) } });
    expect(predict({ workers: [newcomer] }).vm?.serviceMs).toBe(200);
  });

  it('a larger picture takes longer, by its own band where that was learned', () => {
    expect(predict({ pixels: 4e6 }).vm?.serviceMs).toBe(350);
    const service = steadyService(1);
    const [tiny, small, medium] = service.bands;
    const learned = { all: service.all, bands: [tiny ?? null, small ?? null, medium ?? null, exactly(3)] };
    const state = { ...known, learned: { ...known.learned, vm: { sketch: learned } } };
    expect(predict({ state, pixels: 10e6 }).vm?.serviceMs).toBe(3 * 650);
    expect(predict({ state, pixels: 4e6 }).vm?.serviceMs).toBe(350);
  });

  it('are in time when the finish, as cautious as the settings ask, fits into what is left', () => {
    const ledger = sampleLedger({ running: [2, 400], ahead: [4, 800] });
    const inTime = (confidence: number, leftMs: number) =>
      predict({
        ledger,
        deadlineAt: later(leftMs),
        settings: routingSettingsSchema.parse({ confidence }),
      }).vm?.inTime;
    expect([inTime(0, 799), inTime(0, 800)]).toEqual([false, true]);
    // 800 and twice 122.47 ms.
    expect([inTime(2, 1_044), inTime(2, 1_045)]).toEqual([false, true]);
  });

  it.each([
    ['is silent for more than three beats', { ageMs: 6_501 }],
    ['is draining', { state: 'draining' as const }],
    ['has paused itself', { state: 'paused' as const }],
    ['is starting', { state: 'starting' as const }],
    ['has stopped', { state: 'stopped' as const }],
  ])('nothing is expected of one that %s', (_, changes) => {
    expect(predict({ workers: [vm(changes)] }).vm).toBeNull();
    expect(predict({ workers: [vm(changes), vm({ id: 'well', slots: 1 })] }).vm).not.toBeNull();
  });
});

describe('on Cloud Run', () => {
  it('the first job waits for a cold start, which is billed', () => {
    expect(predict().run).toEqual({
      waitMs: 3_250,
      deliveryMs: 3_250,
      serviceMs: 200,
      ioMs: 0,
      spreadMs: 0,
      finishMs: 3_450,
      dollars: costOfOneJob + runCost(3_200, { vcpus: 2, memoryGib: 4 }),
      inTime: false,
    });
  });

  it('a warm instance takes it at once, unless others are before it', () => {
    const workers = [instance({ slots: 2 })];
    const waitMs = (jobs: number) =>
      predict({ workers, ledger: sampleLedger({ run: [jobs, 0] }) }).run?.waitMs;
    expect([waitMs(0), waitMs(1), waitMs(2)]).toEqual([250, 250, 3_250]);
    expect(predict({ workers }).run?.dollars).toBe(costOfOneJob + runCost(200, { vcpus: 2, memoryGib: 4 }));
  });

  it('an instance that was silent for long is perhaps gone: it counts by halves', () => {
    // Heard of within 6.5 s it is there; 60 s later it counts as gone.
    const silent = (ageMs: number) =>
      predict({ workers: [instance({ ageMs })], settings: settings({ warmWithinMs: 60_000 }) }).run;
    expect(silent(36_500)?.waitMs).toBe(250 + 0.5 * 3_000);
    expect(silent(36_500)?.spreadMs).toBe(0.5 * 3_000);
    expect(silent(6_500)?.waitMs).toBe(250);
    expect(silent(60_001)?.waitMs).toBe(3_250);
  });

  it('minimum instances are warm, however long they are silent', () => {
    const waitMs = (minInstances: number, jobs: number) =>
      predict({ state: { ...known, minInstances }, ledger: sampleLedger({ run: [jobs, 0] }) }).run?.waitMs;
    expect([waitMs(2, 0), waitMs(2, 1), waitMs(2, 2)]).toEqual([250, 250, 3_250]);
  });

  it('an instance that is stopping is not waited for', () => {
    expect(predict({ workers: [instance({ state: 'stopped' })] }).run?.waitMs).toBe(3_250);
  });

  it('work waits once all instances that may be are busy', () => {
    const workers = Array.from({ length: 2 }, (_, index) => instance({ id: `run-${index}` }));
    const waitMs = (run: object, jobs: number, workMs: number) =>
      predict({ workers, settings: settings(run), ledger: sampleLedger({ run: [jobs, workMs] }) }).run
        ?.waitMs;
    expect(waitMs({ maxInstances: 3 }, 2, 4_000)).toBe(250 + 3_000);
    expect(waitMs({ maxInstances: 2 }, 2, 4_000)).toBe(250 + 3_000 + 4_000 / 2);
    expect(waitMs({ maxInstances: 2, concurrency: 2 }, 4, 4_000)).toBe(250 + 3_000 + 4_000 / 4);
  });

  it('requests beyond the slots of a warm instance wait for one there', () => {
    const workers = [instance({ slots: 1 })];
    const waitMs = (jobs: number) =>
      predict({
        workers,
        settings: settings({ maxInstances: 2, concurrency: 3, slots: 1 }),
        ledger: sampleLedger({ run: [jobs, jobs * 200] }),
      }).run?.waitMs;
    expect([waitMs(0), waitMs(1), waitMs(2)]).toEqual([250, 250 + 200, 250 + 400]);
    // Its three places are taken, so another one starts.
    expect(waitMs(3)).toBe(250 + 3_000);
    // Six are under way on two slots.
    expect(waitMs(6)).toBe(250 + 3_000 + 600);
  });

  it('what waits behind all places waits for their I/O as well, where there is one for each slot', () => {
    const state = { ...known, io: { vm: null, run: exactly(300) } };
    const ledger = sampleLedger({ run: [4, 400] });
    const waitMs = (run: object) => predict({ state, ledger, settings: settings(run) }).run?.waitMs;
    // Four jobs of 100 ms and 300 ms on two places.
    expect(waitMs({ maxInstances: 2 })).toBe(250 + 3_000 + (4 * 400) / 2);
    expect(waitMs({ maxInstances: 1, concurrency: 4, slots: 1 })).toBe(250 + 3_000 + 400);
  });

  it('work waits for what the push was seen to bring, and for its backoff', () => {
    const workers = [instance()];
    const waitMs = (push: Partial<RouterState['push']>) =>
      predict({
        workers,
        state: { ...known, push: { ...known.push, ...push } },
        ledger: sampleLedger({ run: [1, 4_000] }),
      }).run?.waitMs;
    expect(waitMs({})).toBe(250 + 3_000);
    expect(waitMs({ window: 1 })).toBe(250 + 3_000 + 4_000 / 1);
    expect(waitMs({ heldSince: later(-10_000) })).toBe(250 + 3_000 + 10_000);
    // It lasts for a minute at most.
    expect(waitMs({ heldSince: later(-55_000) })).toBe(250 + 3_000 + 5_000);
  });

  it.each(['paused', 'probing'] as const)(
    'a pause that has ended is over, though the state is %s still',
    (state) => {
      const breaker = { ...known.breaker, state, until: later(0) };
      expect(predict({ state: { ...known, breaker } }).runClosed).toBeNull();
    },
  );

  it('costs what its shape and the prices in the settings make of it', () => {
    const routing = routingSettingsSchema.parse({
      run: { vcpus: 1, memoryGib: 2 },
      prices: { perVcpuSecond: 1, perGibSecond: 10, perRequest: 100 },
    });
    const { run: side } = predict({ workers: [instance()], settings: routing });
    // 0.2 s of one vCPU and two GiB, and the request.
    expect(side?.dollars).toBeCloseTo(0.2 * 21 + 100 + costOfOneJob, 6);
  });

  it.each<[string, object, Partial<RouterState>]>([
    ['off', { enabled: false }, {}],
    ['off', { maxInstances: 0 }, {}],
    ['paused', {}, { breaker: { ...known.breaker, state: 'paused', until: later(1) } }],
    ['paused', {}, { breaker: { ...known.breaker, state: 'probing', until: later(1) } }],
    ['over_budget', { mostDollarsPerHour: 2 }, { spentLastHour: 2 }],
    ['over_budget', { mostDollarsPerHour: 0 }, {}],
  ])('nothing is expected while it is %s (%j)', (why, run, state) => {
    expect(predict({ settings: settings(run), state: { ...known, ...state } })).toMatchObject({
      run: null,
      runClosed: why,
    });
  });

  it('money is no limit below the one that is set, and none where none is', () => {
    const spent = { ...known, spentLastHour: 1.99 };
    expect(predict({ settings: settings({ mostDollarsPerHour: 2 }), state: spent }).runClosed).toBeNull();
    expect(predict({ state: { ...known, spentLastHour: 1e6 } }).runClosed).toBeNull();
  });
});

describe('I/O', () => {
  const state = { ...known, io: { vm: { p50: 40, p90: 80, count: 9 }, run: exactly(60) } };

  it('is part of the finish and of its spread, and no work', () => {
    const { vm: side } = predict({ state });
    expect(side).toMatchObject({ waitMs: 100, serviceMs: 200 });
    expect(side?.ioMs).toBeGreaterThan(40);
    expect(side?.spreadMs).toBeGreaterThan(0);
    expect(side?.finishMs).toBeCloseTo(300 + (side?.ioMs ?? 0) + 1.65 * (side?.spreadMs ?? 0), 6);
  });

  it('is billed by Cloud Run', () => {
    const { run: side } = predict({ state, workers: [instance()] });
    expect(side).toMatchObject({ ioMs: 60, finishMs: 250 + 200 + 60 });
    expect(side?.dollars).toBe(costOfOneJob + runCost(260, { vcpus: 2, memoryGib: 4 }));
  });

  it('is none where too little was observed, or service times of an earlier version contain it', () => {
    const few = { ...known, io: { vm: { p50: 40, p90: 80, count: 4 }, run: null } };
    expect(predict({ state: few }).vm?.ioMs).toBe(0);
  });
});

describe('deliveries', () => {
  it('are believed once five were observed, with their spread', () => {
    const state = (count: number) => ({
      ...known,
      delivery: { vm: { p50: 50, p90: 50, count }, run: { p50: 500, p90: 500, count } },
      coldStart: { p50: 1_000, p90: 1_000, count },
    });
    expect(predict({ state: state(4) }).vm?.deliveryMs).toBe(100);
    expect(predict({ state: state(5) }).vm?.deliveryMs).toBe(50);
    expect(predict({ state: state(4) }).run?.deliveryMs).toBe(250 + 3_000);
    expect(predict({ state: state(5) }).run?.deliveryMs).toBe(500 + 1_000);
  });
});
