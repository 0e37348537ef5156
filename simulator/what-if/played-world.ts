import type { Target } from '@spillway/core/job.ts';
import type { OperationName } from '@spillway/core/operations.ts';
import type { RecordedJob } from '@spillway/core/recorded-job.ts';
import { quantile } from '@spillway/core/routing/quantiles.ts';
import { estimateService } from '@spillway/core/routing/service-times.ts';
import type { RouterState } from '@spillway/core/routing/state.ts';
import type { RoutingSettings } from '@spillway/core/settings.ts';
import { drawDelay, type SimulatedJob } from '../jobs.ts';
import type { Policy } from '../policies/policy.ts';
import { randomStream } from '../random.ts';
import committed from '../scenario.json' with { type: 'json' };
import { type Delay, type Scenario, scenarioSchema } from '../scenario.ts';

/** What the machines are, beside what the jobs tell. */
export interface Machines {
  vms: number;
  /** On each VM. */
  slots: number;
}

export type Learned = Pick<RouterState, 'learned' | 'delivery' | 'io' | 'coldStart'>;

/** With fewer figures than this, the scenario's assumption stays. */
const enough = 10;
/** A database that answers faster or slower than assumed by more than this is not believed. */
const bounds = { least: 0.02, most: 20 } as const;

/**
 * The committed scenario with what was measured here in place of what is assumed: machines, distances, cold starts. What
 * settings say of Cloud Run is what is there.
 */
export function playedScenario(
  jobs: readonly RecordedJob[],
  machines: Machines,
  learned: Learned,
  { run }: RoutingSettings,
): Scenario {
  const scenario = scenarioSchema.parse(committed);
  const { services, router, vms } = scenario;
  vms.count = machines.vms;
  vms.slots = Math.max(1, machines.slots);
  // What a worker needs beside its slots is in the times that were measured.
  vms.besideMs = 0;
  scenario.run.besideMs = 0;

  const median = (pick: (job: RecordedJob) => number | null) => medianOf(jobs, pick);
  const database = ratioOf(
    median(({ decisionMs }) => decisionMs),
    services.query.medianMs + services.write.medianMs / 2 + router.decision.medianMs,
  );
  for (const delay of [services.query, services.get, services.write, services.publish, router.decision]) {
    delay.medianMs *= database;
  }
  setMedian(
    services.download,
    median(({ downloadMs }) => downloadMs),
  );
  setMedian(services.store, halved(median(({ storeMs }) => storeMs)));
  setMedian(
    router.notice,
    median(({ noticeMs }) => noticeMs),
  );
  const pulled = learned.delivery.vm;
  if (pulled && pulled.count >= enough) {
    const left = Math.max(2, pulled.p50 - services.query.medianMs - services.write.medianMs);
    setMedian(vms.publish, left / 2);
    setMedian(vms.pull, left / 2);
  }
  setMedian(scenario.run.push, learned.delivery.run?.p50 ?? run.pushMs);
  setMedian(scenario.run.coldStart, learned.coldStart?.p50 ?? run.coldStartMs);
  scenario.run.maxInstances = run.enabled ? run.maxInstances : 0;
  scenario.run.concurrency = run.concurrency;
  scenario.run.slots = run.slots ?? run.concurrency;
  scenario.run.shape = { vcpus: run.vcpus, memoryGib: run.memoryGib };
  return scenario;
}

/** As production decides and works, with these settings. Forecasts are left out: they need weeks before them. */
export function playedPolicy(settings: RoutingSettings, scenario: Scenario): Policy {
  return {
    name: 'what-if',
    family: 'what-if',
    settings: {
      ...settings,
      // A pause by hand has an end in real time, which does not pass here.
      run: { ...settings.run, pause: null },
      forecast: { ...settings.forecast, prewarming: false, vmPool: false },
    },
    heartbeatMs: scenario.vms.heartbeatMs,
    vmQueue: 'turns',
    reviews: true,
    usesVms: true,
    poolLoad: null,
    forecaster: null,
  };
}

/**
 * The recorded jobs as the simulated world takes them, in the order of their arrival. A job that was done on one side takes as
 * long there as it did; on the other side, as much longer or shorter as routers have learned.
 */
export function playedJobs(
  jobs: readonly RecordedJob[],
  scenario: Scenario,
  learned: Learned,
  today: RoutingSettings,
): SimulatedJob[] {
  const delays = randomStream(1, 'delays');
  const { router, vms, run } = scenario;
  const ordered = jobs.toSorted((a, b) => a.atMs - b.atMs);
  const startMs = ordered[0]?.atMs ?? 0;
  return ordered.map((job, index) => ({
    index,
    operation: job.operation,
    owner: job.owner,
    arrivedAt: job.atMs - startMs,
    deadlineAt: job.atMs - startMs,
    asked: {
      class: classAskedFor(job, today),
      batch: job.batch,
      batchSize: job.batchSize,
      options: job.model === null ? {} : { model: job.model },
    },
    pixels: job.pixels,
    decodedPixels: job.decodedPixels,
    vmMs: serviceMs(job, 'vm', learned),
    runMs: serviceMs(job, 'run', learned),
    noticeMs: drawDelay(router.notice, delays),
    decisionMs: drawDelay(router.decision, delays),
    publishMs: drawDelay(vms.publish, delays),
    pullMs: drawDelay(vms.pull, delays),
    pushMs: drawDelay(run.push, delays),
    coldStartMs: drawDelay(run.coldStart, delays),
  }));
}

/** A job that is bulk for the size of its batch is so by the settings, which may be others now; one that is it by a rule stays it. */
function classAskedFor({ class: jobClass, batch, batchSize }: RecordedJob, { bulk }: RoutingSettings) {
  const byBatch = batchSize === null ? batch !== null : batchSize > bulk.batchOver;
  return byBatch ? 'interactive' : jobClass;
}

function serviceMs(job: RecordedJob, side: Target, learned: Learned): number {
  const expected = (target: Target) => expectedMs(job.operation, job.decodedPixels, target, learned);
  if (job.processMs === null) return expected(side);
  return side === job.target ? job.processMs : (job.processMs * expected(side)) / expected(job.target);
}

function expectedMs(operation: OperationName, pixels: number, target: Target, { learned }: Learned): number {
  return Math.max(1, estimateService(operation, pixels, [learned[target]]).mean);
}

function medianOf(jobs: readonly RecordedJob[], pick: (job: RecordedJob) => number | null): number | null {
  const values = jobs.flatMap((job) => pick(job) ?? []).sort((a, b) => a - b);
  return values.length < enough ? null : (quantile(values, 0.5) ?? null);
}

function ratioOf(measured: number | null, assumed: number): number {
  if (measured === null) return 1;
  return Math.min(bounds.most, Math.max(bounds.least, measured / assumed));
}

function halved(value: number | null): number | null {
  return value === null ? null : value / 2;
}

function setMedian(delay: Delay, medianMs: number | null): void {
  if (medianMs !== null) delay.medianMs = Math.max(1, medianMs);
}
