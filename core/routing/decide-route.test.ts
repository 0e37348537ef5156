import { describe, expect, it } from 'vitest';
import type { Worker } from '../heartbeat.ts';
import { routingSettingsSchema } from '../settings.ts';
import { later, noon } from '../testing/sample-job.ts';
import { sampleWorker } from '../testing/sample-worker.ts';
import { decideRoute, type RoutingQuestion } from './decide-route.ts';

const settings = routingSettingsSchema.parse({});
const idle = { jobs: 0, workMs: 0 };
const vm = (changes: Partial<Worker> = {}) => sampleWorker({ kind: 'vm', ...changes });

function ask(changes: Partial<RoutingQuestion> = {}) {
  return decideRoute({
    operation: 'sketch',
    deadlineAt: later(2_000),
    now: noon,
    workers: [vm()],
    ahead: { vm: idle, run: idle },
    settings,
    ...changes,
  });
}

describe('the deadline policy', () => {
  it('chooses the VM while it is in time, and says what it expected of both sides', () => {
    const choice = ask();
    // 100 ms to pull, and 1.2 times the 300 ms that a sketch takes until a worker reports its own figure.
    expect(choice.predicted?.vm).toEqual({
      waitMs: 100,
      serviceMs: 300,
      finishMs: 460,
      dollars: 0,
      inTime: true,
    });
    // 250 ms to push, 3 s for a cold start, which is billed: 3.3 s of 2 vCPU and 4 GiB, and the request.
    expect(choice.predicted?.run).toMatchObject({
      waitMs: 3_250,
      serviceMs: 300,
      finishMs: 3_610,
      inTime: false,
    });
    expect(choice.predicted?.run?.dollars).toBeCloseTo(3.3 * (2 * 0.000024 + 4 * 0.0000025) + 0.0000004, 12);
    expect(choice).toMatchObject({ target: 'vm', reason: 'vm_in_time', workMs: 300, policy: 'deadline' });
    expect(choice.explanation).toBe('The VMs would need 0.5 s, 2.0 s are left.');
    expect(ask({ deadlineAt: later(-1_500) }).explanation).toContain('the deadline passed 1.5 s ago');
  });

  it('spills to Cloud Run exactly when the work ahead makes the VM late', () => {
    const runIsWarm = sampleWorker({ id: 'run-1', kind: 'run', slots: 1 });
    const withAhead = (workMs: number) =>
      ask({ workers: [vm({ slots: 2 }), runIsWarm], ahead: { vm: { jobs: 9, workMs }, run: idle } });
    // 100 + 1.2 * (workMs / 2 + 300) <= 2000 up to workMs = 2566.
    expect(withAhead(2_566)).toMatchObject({ target: 'vm', reason: 'vm_in_time' });
    expect(withAhead(2_568)).toMatchObject({ target: 'run', reason: 'run_vm_late' });
  });

  it('does not wait for work that has slots of its own', () => {
    const choice = ask({
      workers: [vm({ slots: 4 })],
      ahead: { vm: { jobs: 3, workMs: 60_000 }, run: idle },
    });
    expect(choice.predicted?.vm?.waitMs).toBe(100);
  });

  it('keeps to the VM where Cloud Run would be late too and later', () => {
    const choice = ask({ ahead: { vm: { jobs: 4, workMs: 2_400 }, run: idle } });
    expect(choice).toMatchObject({ target: 'vm', reason: 'vm_sooner' });
  });

  it('learns service times from heartbeats, weighted by slots', () => {
    const reports = (serviceMs: number) => ({ sketch: { serviceMs, succeeded: 5, failed: 0 } });
    const choice = ask({
      workers: [
        vm({ id: 'a', slots: 3, perOperation: reports(100) }),
        vm({ id: 'b', slots: 1, perOperation: reports(500) }),
      ],
    });
    expect(choice.predicted?.vm?.serviceMs).toBe(200);
  });

  it.each([
    ['is silent for more than three beats', { ageMs: 6_501 }],
    ['is draining', { state: 'draining' as const }],
    ['has stopped', { state: 'stopped' as const }],
  ])('does not count on a VM that %s', (_, changes) => {
    expect(ask({ workers: [vm(changes)] })).toMatchObject({ target: 'run', reason: 'run_no_vm' });
  });

  it('waits for a VM where neither side is there', () => {
    const off = routingSettingsSchema.parse({ run: { enabled: false } });
    expect(ask({ workers: [], settings: off })).toMatchObject({
      target: 'vm',
      reason: 'vm_only',
      workMs: 300,
    });
  });

  it('queues behind the instances that Cloud Run may have', () => {
    const small = routingSettingsSchema.parse({ run: { maxInstances: 2 } });
    const choice = ask({
      workers: [],
      settings: small,
      ahead: { vm: idle, run: { jobs: 2, workMs: 4_000 } },
    });
    expect(choice.predicted?.run?.waitMs).toBe(250 + 3_000 + 2_000);
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
    expect(at(0.95, 0.7)).toMatchObject({ target: 'vm', reason: 'cpu_below_threshold' });
    expect(at(0.95, 0.71)).toMatchObject({ target: 'run', reason: 'cpu_above_threshold' });
    expect(at(0.95).explanation).toBe(
      'To Cloud Run: the least loaded VM reported 95 % CPU, the limit is 70 %.',
    );
  });

  it('chooses Cloud Run where no VM is live', () => {
    expect(at()).toMatchObject({ target: 'run', reason: 'run_no_vm' });
  });
});
