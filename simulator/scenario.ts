import type { Target } from '@spillway/core/job.ts';
import {
  isOperationName,
  manifestOf,
  type OperationName,
  operationNames,
} from '@spillway/core/operations.ts';
import { z } from 'zod';

/** A constant with how it was measured, or that it was not. */
function known<Schema extends z.ZodType>(value: Schema) {
  return z
    .strictObject({ value, how: z.string().min(1) })
    .transform((constant) => (constant as { value: z.output<Schema> }).value);
}

const ms = z.number().min(0);
/** Lognormal: most close to the median, with a long right tail. `sigma` 0 makes it a constant. */
const delay = z.strictObject({ medianMs: ms, sigma: z.number().min(0).max(3) });
export type Delay = z.infer<typeof delay>;

const probability = z.number().min(0).max(1);
const serviceTime = z.strictObject({
  fixedMs: ms,
  perMegapixelMs: ms,
  /** Spread of the lognormal factor around that. */
  sigma: z.number().min(0).max(3),
});
export type ServiceTime = z.infer<typeof serviceTime>;
const operation = z.string().refine((name): boolean => isOperationName(name), 'names no operation');
const byOperation = <Schema extends z.ZodType>(schema: Schema) => z.record(operation, schema);
const shape = z.strictObject({ vcpus: z.number().positive(), memoryGib: z.number().positive() });

/** Which VM, when, and for how long. */
const spell = z.strictObject({
  vm: z.int().min(0),
  atSeconds: z.number().min(0),
  forSeconds: z.number().positive(),
});
export type Spell = z.infer<typeof spell>;

/** Everything that the simulated world takes for granted. Durations in milliseconds unless a name says otherwise. */
export const scenarioSchema = z.strictObject({
  name: z.string().min(1),
  vms: z.strictObject({
    count: known(z.int().min(0)),
    /** Jobs at a time on each. */
    slots: known(z.int().min(1)),
    shape: known(shape),
    /** From publishing until a message can be pulled. */
    publish: known(delay),
    /** From a message that can be pulled, where a pull waits, to the worker. */
    pull: known(delay),
    /** A message whose holder vanished comes again after this time. */
    leaseMs: known(ms.positive()),
    heartbeatMs: known(ms.positive()),
    /** A claim that is not renewed for this time expires. */
    claimMs: known(ms.positive()),
    /** How long an operation keeps its slot, for operations whose manifest is not to be believed. */
    service: known(byOperation(serviceTime)),
    /** What the worker itself needs of the processors for a job, which its slots lack. */
    besideMs: known(ms),
  }),
  /** From a program's call until the answer is back. What is asked happens half-way. */
  services: z.strictObject({
    /** The database: a list, sum or count; one document by its name; a write, refused or not. */
    query: known(delay),
    get: known(delay),
    write: known(delay),
    /** The storage: a picture that is fetched, and a file that is written. */
    download: known(delay),
    store: known(delay),
    /** A message that is published. */
    publish: known(delay),
  }),
  router: z.strictObject({
    routers: known(z.int().min(1)),
    /** Uploads that one router routes at a time. */
    concurrency: known(z.int().min(1)),
    /** From the upload's end, when the job's clock starts, until a router hears of it. */
    notice: known(delay),
    /** What a router itself needs for an upload, beside what it asks of services. */
    decision: known(delay),
    sweepMs: known(ms.positive()),
  }),
  run: z.strictObject({
    maxInstances: known(z.int().min(0)),
    /** Requests at a time on each instance, and operations at a time. */
    concurrency: known(z.int().min(1)),
    slots: known(z.int().min(1)),
    shape: known(shape),
    /** From publishing until a warm instance begins. */
    push: known(delay),
    coldStart: known(delay),
    /** An instance without requests is ended after this time. */
    idleMs: known(ms.positive()),
    /** A request that finds every instance taken waits this long before it is refused with 429. */
    pendingMs: known(ms),
    /** From setting the minimum of instances until Cloud Run starts them. */
    keep: known(delay),
    /**
     * Pub/Sub brings a message again after a refusal or a failed attempt: the first pause and the longest. What holds up
     * the whole subscription is in `core/push-delivery.ts`.
     */
    backoff: known(z.strictObject({ firstMs: ms.positive(), mostMs: ms.positive() })),
    service: known(byOperation(serviceTime)),
    besideMs: known(ms),
  }),
  /** Where the number of VMs follows the work that is offered, as the terraform of this project has it. */
  pool: z.strictObject({
    bounds: known(z.strictObject({ least: z.int().min(0), most: z.int().min(0) })),
    /** Share of a VM's slots that is to be busy. */
    targetLoad: known(z.number().positive().max(1)),
    /** From asking for a VM, when it begins to cost, until its worker takes jobs. */
    boot: known(delay),
    /** From writing a figure until the autoscaler sees it, and from one of its decisions to the next. */
    metricMs: known(ms),
    decideMs: known(ms.positive()),
    /** The pool shrinks to the most that was wanted within this time. */
    stabilizationMs: known(ms),
    scaleIn: known(z.strictObject({ count: z.int().min(1), windowMs: ms.positive() })),
  }),
  jobs: z.strictObject({
    /** Weights of all operations that have jobs; empty: the manifests'. */
    mix: known(byOperation(z.number().min(0))),
    /** Lognormal, cut at both ends. */
    megapixels: known(
      z.strictObject({
        median: z.number().positive(),
        sigma: z.number().min(0).max(3),
        least: z.number().positive(),
        most: z.number().positive(),
      }),
    ),
    /** People whose jobs they are, all alike. */
    owners: known(z.int().min(1)),
    /** Sigma of the lognormal error with which routers guess a picture's pixels from its bytes. */
    pixelGuessSigma: known(z.number().min(0).max(3)),
  }),
  faults: z.strictObject({
    /** Of an attempt, at a random point of it. */
    crash: known(probability),
    /** Attempts before a job counts as poison and ends failed. */
    maxAttempts: known(z.int().min(1)),
    /** Of a message: that it comes twice, and that it comes late. */
    duplicate: known(probability),
    delayed: known(z.strictObject({ probability, delay })),
    /** VMs that vanish with what they do, and come back empty. */
    vmDeaths: known(z.array(spell)),
    /** VMs that stand still, as when a host is moved, and go on with what they did. */
    vmStalls: known(z.array(spell)),
    /** VMs that become slow: what they begin in that time takes `factor` times as long. */
    slowVms: known(z.array(spell.extend({ factor: z.number().min(1) }))),
  }),
});
export type Scenario = z.infer<typeof scenarioSchema>;

/**
 * Another number of VMs, or of slots on each. A VM has as many processors and as much memory for each slot as before, and
 * Cloud Run as many instances for each slot of the VMs. All routers together take as many uploads at a time, for each
 * slot, as one does by the scenario.
 */
export function resize(
  scenario: Scenario,
  size: { vms?: number | undefined; slots?: number | undefined },
): void {
  if (size.vms === undefined && size.slots === undefined) return;
  const { vms, run, router } = scenario;
  const before = vms.count * vms.slots;
  vms.count = size.vms ?? vms.count;
  if (size.slots !== undefined) {
    const perSlot = size.slots / vms.slots;
    vms.shape = { vcpus: vms.shape.vcpus * perSlot, memoryGib: vms.shape.memoryGib * perSlot };
    vms.slots = size.slots;
  }
  const factor = (vms.count * vms.slots) / Math.max(1, before);
  run.maxInstances = Math.round(run.maxInstances * factor);
  if (factor > 1) router.concurrency = Math.ceil((router.concurrency * factor) / router.routers);
  scenario.name = `${vms.count} VMs of ${vms.slots} slots and ${run.maxInstances} instances of Cloud Run`;
}

/** What a job of this operation takes in the scenario: what the scenario says, else the operation's manifest. */
export function serviceTimeOf(scenario: Scenario, target: Target, operation: OperationName): ServiceTime {
  const { service } = target === 'vm' ? scenario.vms : scenario.run;
  return service[operation] ?? manifestOf(operation).simulated?.[target] ?? assumedService(operation);
}

/** The prior, for an operation whose costs nobody has measured. */
function assumedService(operation: OperationName): ServiceTime {
  const { fixed, perMegapixel } = manifestOf(operation).priorServiceMs;
  return { fixedMs: fixed, perMegapixelMs: perMegapixel, sigma: 0.3 };
}

/** Weights of the operations in the scenario's mix of jobs, in the registry's order. */
export function mixOf({ jobs: { mix } }: Scenario): number[] {
  const isStated = Object.keys(mix).length > 0;
  return operationNames.map((name) => (isStated ? mix[name] : manifestOf(name).simulated?.share) ?? 0);
}

/** A scenario that cannot be read or does not validate: one sentence for the person who named it. */
export class ScenarioError extends Error {}
