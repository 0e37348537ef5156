import { describe, expect, it } from 'vitest';
import type { Worker } from '../heartbeat.ts';
import { largestSentPicture } from '../run-reach.ts';
import { routingSettingsSchema } from '../settings.ts';
import { steadyService } from '../testing/learned-service.ts';
import { later } from '../testing/sample-job.ts';
import { sampleLedger, sampleQuestion } from '../testing/sample-question.ts';
import { sampleWorker } from '../testing/sample-worker.ts';
import { decideRoute } from './policy.ts';
import type { RoutingQuestion } from './question.ts';
import { initialRouterState, type RouterState } from './state.ts';

const exactly = (ms: number) => ({ p50: ms, p90: ms, count: 20 });
/** A sketch of a megapixel takes 200 ms, and 100 ms to reach a VM, 250 ms to reach a warm instance. */
const state: RouterState = {
  ...initialRouterState,
  learned: { vm: { sketch: steadyService(1) }, run: { sketch: steadyService(1) } },
  delivery: { vm: exactly(100), run: exactly(250) },
  coldStart: exactly(3_000),
};
const vm = (changes: Partial<Worker> = {}) => sampleWorker({ kind: 'vm', ...changes });
const warm = sampleWorker({ id: 'run-1', kind: 'run' });
const paused: RouterState = {
  ...state,
  breaker: { ...state.breaker, state: 'paused', until: later(10_000) },
};

function ask(changes: Partial<RoutingQuestion> = {}) {
  return decideRoute(sampleQuestion({ state, workers: [vm(), warm], ...changes }));
}

describe('the deadline policy', () => {
  it('chooses the VM while it is in time, and keeps its prediction and the work ahead of the job', () => {
    const ledger = sampleLedger({ running: [1, 200] });
    const choice = ask({ ledger, turnAt: later(2_500) });
    expect(choice).toMatchObject({
      target: 'vm',
      reason: 'vm_in_time',
      explanation: 'The VMs would need 0.5 s, 2.0 s are left.',
      policy: 'deadline',
      workMs: 200,
      turnAt: later(2_500),
      ledger,
      predicted: { vm: { inTime: true }, run: { inTime: true }, runClosed: null, budgetMs: 2_000 },
    });
    expect(choice.dollars).toBe(choice.predicted?.vm?.dollars);
    expect(ask({ deadlineAt: later(-1_500) }).explanation).toContain('the deadline passed 1.5 s ago');
  });

  it("counts what work costs on machines of one's own, and chooses Cloud Run where that is more", () => {
    const priced = (pricePerHour: number | null, slots = 1) =>
      ask({ workers: [vm({ pricePerHour, slots }), warm] });
    const free = priced(null);
    // 200 ms of an hour.
    const extra = (choice: typeof free) =>
      (choice.predicted?.vm?.dollars ?? 0) - (free.predicted?.vm?.dollars ?? 0);
    expect(extra(priced(0.036))).toBeCloseTo((0.036 * 200) / 3_600_000, 12);
    // Two slots share the price of the hour.
    expect(extra(priced(0.036, 2))).toBeCloseTo((0.018 * 200) / 3_600_000, 12);
    expect(priced(0.036)).toMatchObject({ target: 'vm', reason: 'vm_in_time' });
    expect(priced(10)).toMatchObject({ target: 'run', reason: 'run_cheaper' });
    expect(priced(10).explanation).toMatch(/^Cloud Run would need .* and costs less than the VMs/);
    const late = ask({ workers: [vm({ pricePerHour: 10 }), warm], deadlineAt: later(300) });
    expect(late).toMatchObject({ target: 'vm', reason: 'vm_in_time' });
  });

  it('sends nothing to a Cloud Run that an admin has paused, and says why, until the pause ends', () => {
    const settings = routingSettingsSchema.parse({
      run: { pause: { why: 'The bill is looked at', until: later(5_000).toISOString() } },
    });
    const late = { settings, deadlineAt: later(300) };
    expect(ask(late)).toMatchObject({
      target: 'vm',
      reason: 'vm_run_paused',
      explanation: expect.stringMatching(
        /^Cloud Run is paused by an admin \(The bill is looked at\); the VMs /,
      ),
      predicted: { run: null, runClosed: 'paused' },
    });
    expect(ask({ ...late, now: later(5_000), deadlineAt: later(5_400) }).predicted?.runClosed).toBeNull();
  });

  it('keeps a job on the VMs whose model Cloud Run does not have, and only that', () => {
    const late = { deadlineAt: later(100), model: 'u2net' };
    expect(ask(late)).toMatchObject({
      target: 'vm',
      reason: 'vm_only',
      explanation: expect.stringMatching(/^Cloud Run does not have the model that the job names; the VMs /),
      predicted: { run: null, runClosed: 'lacks_model' },
    });
    const settings = routingSettingsSchema.parse({ run: { models: ['u2net'] } });
    expect(ask({ ...late, settings }).predicted?.runClosed).toBeNull();
    expect(ask({ ...late, model: null }).predicted?.runClosed).toBeNull();
    // A VM that is silent for a moment comes back. On Cloud Run the job would fail for good.
    const silent = ask({ ...late, workers: [vm({ ageMs: 30_000 }), warm] });
    expect(silent).toMatchObject({ target: 'vm', reason: 'vm_only', predicted: { vm: null, run: null } });
    expect(silent.explanation).toContain('it waits for the first that does');
    // Without a VM it would wait for ever. On Cloud Run it ends, and says why.
    expect(ask({ ...late, workers: [warm] })).toMatchObject({ target: 'run', reason: 'run_no_vm' });
  });

  it('keeps every job on the VMs where there is no Cloud Run, and says what is missing', () => {
    const none = { reach: { kind: 'none' }, deadlineAt: later(100) } as const;
    expect(ask(none)).toMatchObject({
      target: 'vm',
      reason: 'vm_only',
      explanation: expect.stringMatching(/^No Cloud Run service is set \(SPILLWAY_RUN_URL\); the VMs would /),
      predicted: { run: null, runClosed: 'no_service' },
    });
    expect(ask({ ...none, workers: [] })).toMatchObject({ target: 'vm', reason: 'vm_only' });
  });

  it('keeps a picture on the VMs that is too large to be sent, also where none is there yet', () => {
    const sent = {
      reach: { kind: 'pictures', url: 'https://worker.example' },
      deadlineAt: later(100),
    } as const;
    expect(ask({ ...sent, bytes: largestSentPicture }).predicted?.runClosed).toBeNull();
    const large = { ...sent, bytes: largestSentPicture + 1 };
    expect(ask(large)).toMatchObject({
      target: 'vm',
      reason: 'vm_only',
      explanation: expect.stringMatching(
        /^The picture is larger than a request to Cloud Run may be; the VMs /,
      ),
      predicted: { run: null, runClosed: 'too_large' },
    });
    expect(ask({ ...large, workers: [] })).toMatchObject({ target: 'vm', reason: 'vm_only' });
    // Where Cloud Run works on the bucket itself, nothing is sent.
    expect(ask({ ...large, reach: { kind: 'jobs' } }).predicted?.runClosed).toBeNull();
  });

  it('spills to Cloud Run exactly when the work ahead makes the VMs late', () => {
    const calm = routingSettingsSchema.parse({ confidence: 0 });
    const withAhead = (workMs: number) =>
      ask({
        workers: [vm({ slots: 2 }), warm],
        settings: calm,
        ledger: sampleLedger({ ahead: [9, workMs] }),
      });
    // 100 + workMs / 2 + 200 <= 2000.
    expect(withAhead(3_400)).toMatchObject({ target: 'vm', reason: 'vm_in_time' });
    const spilled = withAhead(3_401);
    expect(spilled).toMatchObject({ target: 'run', reason: 'run_vm_late' });
    expect(spilled.dollars).toBe(spilled.predicted?.run?.dollars);
    expect(spilled.explanation).toMatch(
      /^The VMs would need 2\.0 s, too late \(2\.0 s are left\); Cloud Run would need 0\.5 s and costs \$0\.\d+\.$/,
    );
  });

  it('asks for more room the less certain it is', () => {
    const ledger = sampleLedger({ ahead: [4, 1_500] });
    const withConfidence = (confidence: number) =>
      ask({ ledger, settings: routingSettingsSchema.parse({ confidence }) }).target;
    // 1800 ms are expected; one standard deviation is 0.6 · 1500 / √4 = 450 ms.
    expect([0, 0.4, 0.5, 1.65].map(withConfidence)).toEqual(['vm', 'vm', 'run', 'run']);
  });

  it('keeps to the VMs where Cloud Run would be late too and later', () => {
    const ledger = sampleLedger({ ahead: [9, 2_200] });
    expect(ask({ workers: [vm()], ledger })).toMatchObject({ target: 'vm', reason: 'vm_sooner' });
    const worse = sampleLedger({ ahead: [9, 9_000] });
    expect(ask({ workers: [vm()], ledger: worse })).toMatchObject({ target: 'run', reason: 'run_vm_late' });
  });

  it('chooses Cloud Run where no VM takes new work', () => {
    expect(ask({ workers: [vm({ state: 'draining' })] })).toMatchObject({
      target: 'run',
      reason: 'run_no_vm',
      predicted: { vm: null },
    });
  });

  it.each([
    ['vm_only', 'Cloud Run is off', state, { enabled: false }],
    ['vm_run_paused', 'Cloud Run is paused', paused, {}],
    ['vm_over_budget', 'Cloud Run has cost as much as it may', state, { mostDollarsPerHour: 0 }],
  ] as const)('waits for the VMs where Cloud Run is closed (%s)', (reason, explanation, now, run) => {
    const settings = routingSettingsSchema.parse({ run });
    const late = ask({ state: now, settings, ledger: sampleLedger({ ahead: [99, 1e6] }) });
    expect(late).toMatchObject({ target: 'vm', reason });
    expect(late.explanation).toContain(explanation);
    // Work that waits for a side that is not there yet weighs as much as any.
    const nowhere = ask({ state: now, settings, workers: [] });
    expect(nowhere).toMatchObject({ target: 'vm', reason, workMs: 200, dollars: 0 });
    expect(nowhere.explanation).toContain('it waits for the first');
  });
});

describe('the threshold policy', () => {
  const threshold = routingSettingsSchema.parse({ policy: 'threshold' });
  const at = (...loads: number[]) =>
    ask({
      settings: threshold,
      workers: loads.map((load, index) => vm({ id: `vm-${index}`, cpu: { load, perCore: [load] } })),
    });

  it('goes by the least loaded VM', () => {
    expect(at(0.95, 0.7)).toMatchObject({ target: 'vm', reason: 'cpu_below_threshold', policy: 'threshold' });
    expect(at(0.95, 0.71)).toMatchObject({ target: 'run', reason: 'cpu_above_threshold' });
    expect(at(0.95).explanation).toBe(
      'To Cloud Run: the least loaded VM reported 95 % CPU, the limit is 70 %.',
    );
  });

  it('chooses Cloud Run where no VM is live', () => {
    expect(at()).toMatchObject({ target: 'run', reason: 'run_no_vm' });
  });

  it('waits for the VMs where Cloud Run is closed', () => {
    expect(ask({ settings: threshold, state: paused, workers: [] })).toMatchObject({
      target: 'vm',
      reason: 'vm_run_paused',
    });
  });
});
