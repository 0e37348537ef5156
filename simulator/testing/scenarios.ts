import type { SimulatedJob } from '../jobs.ts';
import { readScenario } from '../read-scenario.ts';
import type { Scenario } from '../scenario.ts';

const never = { medianMs: 0, sigma: 0 };

/** The committed scenario's world without any delay. */
export function instantScenario(size: { vms: number; slots: number; runInstances: number }): Scenario {
  const scenario = readScenario();
  Object.assign(scenario.vms, {
    count: size.vms,
    slots: size.slots,
    publish: never,
    pull: never,
    besideMs: 0,
  });
  Object.assign(scenario.router, { notice: never, decision: never });
  for (const service of Object.values(scenario.services)) Object.assign(service, never);
  Object.assign(scenario.run, {
    maxInstances: size.runInstances,
    push: never,
    coldStart: never,
    besideMs: 0,
  });
  return scenario;
}

/** A sketch that arrives first and meets no delay, unless it is said otherwise. Milliseconds. */
export function plainJob(changes: Partial<SimulatedJob>): SimulatedJob {
  const arrivedAt = changes.arrivedAt ?? 0;
  return {
    index: 0,
    operation: 'sketch',
    owner: 'somebody',
    arrivedAt,
    deadlineAt: arrivedAt + 2_000,
    pixels: 1e6,
    decodedPixels: 1e6,
    vmMs: 100,
    runMs: 100,
    noticeMs: 0,
    decisionMs: 0,
    publishMs: 0,
    pullMs: 0,
    pushMs: 0,
    coldStartMs: 0,
    ...changes,
  };
}
