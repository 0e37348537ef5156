import { describe, expect, it } from 'vitest';
import type { Worker } from '../heartbeat.ts';
import type { Target } from '../job.ts';
import { type RoutingSettings, routingSettingsSchema } from '../settings.ts';
import { later, noon } from '../testing/sample-job.ts';
import { sampleLedger } from '../testing/sample-question.ts';
import { sampleWorker } from '../testing/sample-worker.ts';
import { seededRandom } from '../testing/seeded-random.ts';
import { decideRoute } from './policy.ts';
import { ServiceTimes } from './service-times.ts';
import { initialRouterState } from './state.ts';

/** A small world: two VMs of two slots with heartbeats every 5 s, and a warm Cloud Run of ten instances. */
const world = {
  jobs: 1_000,
  slots: 4,
  objectiveMs: 2_000,
  pixels: 1e6,
  meanServiceMs: 400,
  /** Mean gap between arrivals: offered load 0.9 of the VMs, in bursts of three times that rate. */
  meanGapMs: 400 / 4 / 0.9,
  burstEvery: 100,
  burstLength: 60,
  heartbeatMs: 5_000,
  pushMs: 250,
};

interface Running {
  target: Target;
  startsAt: number;
  endsAt: number;
}

/** Plays seeded arrivals through `decideRoute` and returns the share of jobs that miss their objective. */
function missRate(settings: RoutingSettings, seed: number): number {
  const random = seededRandom(seed);
  const exponential = (mean: number) => -mean * Math.log(1 - random());
  const times = new ServiceTimes();
  const freeAt: Record<Target, number[]> = {
    vm: new Array<number>(world.slots).fill(0),
    run: new Array<number>(settings.run.maxInstances).fill(0),
  };
  const running: Running[] = [];
  let now = 0;
  let missed = 0;
  for (let index = 0; index < world.jobs; index++) {
    const inBurst = index % world.burstEvery < world.burstLength;
    now += exponential(inBurst ? world.meanGapMs / 3 : world.meanGapMs * 4);
    const { target } = decideRoute({
      operation: 'sketch',
      pixels: world.pixels,
      now: later(now),
      deadlineAt: later(now + world.objectiveMs),
      bytes: 400_000,
      model: null,
      turnAt: later(now + world.objectiveMs),
      workers: heartbeatsAt(now, running),
      state: stateAfter(times),
      ledger: ledgerAt(now, running),
      settings,
      reach: { kind: 'jobs' },
    });
    const serviceMs = 0.5 * world.meanServiceMs + exponential(0.5 * world.meanServiceMs);
    times.record('sketch', world.pixels, serviceMs);
    const slots = freeAt[target];
    const slot = slots.indexOf(Math.min(...slots));
    const startsAt = Math.max(now + (target === 'run' ? world.pushMs : 50), slots[slot] ?? 0);
    const endsAt = startsAt + serviceMs;
    slots[slot] = endsAt;
    running.push({ target, startsAt, endsAt });
    if (endsAt - now > world.objectiveMs) missed++;
  }
  return missed / world.jobs;
}

function ledgerAt(now: number, all: Running[]) {
  const sum = (jobs: Running[]): [number, number] => [jobs.length, jobs.length * world.meanServiceMs];
  const on = (target: Target) => all.filter((job) => job.target === target && job.endsAt > now);
  return sampleLedger({
    running: sum(on('vm').filter(({ startsAt }) => startsAt <= now)),
    ahead: sum(on('vm').filter(({ startsAt }) => startsAt > now)),
    run: sum(on('run')),
  });
}

function stateAfter(times: ServiceTimes) {
  const sketch = times.of('sketch');
  const learned = sketch ? { sketch } : {};
  return { ...initialRouterState, learned: { vm: learned, run: learned } };
}

/** What the last heartbeat said, which is up to five seconds old. */
function heartbeatsAt(now: number, running: Running[]): Worker[] {
  const at = Math.floor(now / world.heartbeatMs) * world.heartbeatMs;
  const busy = running.filter(
    ({ target, startsAt, endsAt }) => target === 'vm' && startsAt <= at && at < endsAt,
  ).length;
  const load = Math.min(1, busy / world.slots);
  const shared = { ageMs: now - at, cpu: { load, perCore: [load] }, startedAt: noon };
  const vms = ['vm-1', 'vm-2'].map((id) => sampleWorker({ ...shared, id, slots: world.slots / 2 }));
  const instances = Array.from({ length: 10 }, (_, index) =>
    sampleWorker({ ...shared, id: `run-${index}`, kind: 'run', ageMs: 0 }),
  );
  return [...vms, ...instances];
}

describe('over 1,000 seeded jobs in bursts', () => {
  it.each([1, 2, 3])('the deadline policy misses fewer objectives than the threshold (seed %i)', (seed) => {
    const vm = { liveWithinMs: 60_000 };
    const deadline = missRate(routingSettingsSchema.parse({ policy: 'deadline', vm }), seed);
    const threshold = missRate(routingSettingsSchema.parse({ policy: 'threshold', vm }), seed);
    expect(threshold).toBeGreaterThan(0.02);
    expect(deadline).toBeLessThan(threshold / 2);
  });
});
