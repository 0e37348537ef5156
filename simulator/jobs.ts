import { manifestOf, type OperationName, operationNames } from '@spillway/core/operations.ts';
import { usualBytesOfJpeg } from '@spillway/core/pixels.ts';
import type { JobRequest } from '@spillway/core/transitions.ts';
import { type Random, randomStream } from './random.ts';
import {
  type Delay,
  mixOf,
  type Scenario,
  ScenarioError,
  type ServiceTime,
  serviceTimeOf,
} from './scenario.ts';

/**
 * A job as the world will give it to every policy: all chance that is the job's own is drawn here, so that policies
 * differ only in what they do with it. Milliseconds from the first arrival.
 */
export interface SimulatedJob {
  index: number;
  operation: OperationName;
  owner: string | null;
  arrivedAt: number;
  /** By the objective of the operation's manifest. */
  deadlineAt: number;
  /** What else its uploader asked for, where the trace says so. */
  asked?: Partial<Pick<JobRequest, 'class' | 'batch' | 'batchSize' | 'options'>>;
  /** As the router guesses them. */
  pixels: number;
  /** As they are. */
  decodedPixels: number;
  /** How long it keeps a slot, on a VM of full speed and on Cloud Run. */
  vmMs: number;
  runMs: number;
  /** From the upload's end until a router hears of it; what the router itself needs for it. */
  noticeMs: number;
  decisionMs: number;
  /** Of its first message: until it can be pulled and from pull to claim, or until the push arrives. */
  publishMs: number;
  pullMs: number;
  pushMs: number;
  /** Of the instance that is started for it, where one is. */
  coldStartMs: number;
}

/** @param arrivals Seconds, sorted. */
export function drawJobs(arrivals: readonly number[], scenario: Scenario, seed: number): SimulatedJob[] {
  const { vms, router, run } = scenario;
  const { megapixels, owners, pixelGuessSigma } = scenario.jobs;
  const weights = mixOf(scenario);
  const pictures = randomStream(seed, 'pictures');
  const services = randomStream(seed, 'service times');
  const delays = randomStream(seed, 'delays');
  return arrivals.map((second, index) => {
    const operation = operationNames[pictures.choice(weights)];
    if (!operation) throw new ScenarioError('The mix of the scenario gives no operation any jobs.');
    const drawn = pictures.lognormal(megapixels.median, megapixels.sigma);
    const size = Math.min(megapixels.most, Math.max(megapixels.least, drawn));
    // One draw for both places: a picture that is hard here is hard there.
    const hardness = services.normal();
    const arrivedAt = second * 1_000;
    return {
      index,
      operation,
      owner: `person ${Math.floor(pictures.uniform() * owners)}`,
      arrivedAt,
      deadlineAt: arrivedAt + manifestOf(operation).objectiveMs.interactive,
      pixels: Math.round(size * 1e6 * pictures.lognormal(1, pixelGuessSigma)),
      decodedPixels: Math.round(size * 1e6),
      vmMs: vms.besideMs + serviceMs(serviceTimeOf(scenario, 'vm', operation), size, hardness),
      runMs: run.besideMs + serviceMs(serviceTimeOf(scenario, 'run', operation), size, hardness),
      noticeMs: drawDelay(router.notice, delays),
      decisionMs: drawDelay(router.decision, delays),
      publishMs: drawDelay(vms.publish, delays),
      pullMs: drawDelay(vms.pull, delays),
      pushMs: drawDelay(run.push, delays),
      coldStartMs: drawDelay(run.coldStart, delays),
    };
  });
}

export function drawDelay({ medianMs, sigma }: Delay, random: Random): number {
  return random.lognormal(medianMs, sigma);
}

/** Arrivals in a second that keep this share of the VMs' slots busy, by many drawn jobs. */
export function rateOfLoad(load: number, scenario: Scenario): number {
  const jobs = drawJobs(
    Array.from({ length: 50_000 }, (_, index) => index),
    scenario,
    1,
  );
  const meanMs = jobs.reduce((sum, { vmMs }) => sum + vmMs, 0) / jobs.length;
  return (1_000 * load * scenario.vms.count * scenario.vms.slots) / meanMs;
}

/** Mean milliseconds for which a request to Cloud Run waits for services: claim, download, storing and outcome. */
export function runIoMs({ services }: Scenario): number {
  const { get, write, download, store } = services;
  return [get, write, download, store, write].reduce((sum, delay) => sum + meanMs(delay), 0);
}

/** The mean of the lognormal distribution. */
function meanMs({ medianMs, sigma }: Delay): number {
  return medianMs * Math.exp(sigma ** 2 / 2);
}

function serviceMs(
  { fixedMs, perMegapixelMs, sigma }: ServiceTime,
  megapixels: number,
  hardness: number,
): number {
  return (fixedMs + perMegapixelMs * megapixels) * Math.exp(sigma * hardness);
}

/** The job as its uploader asks for it: only what routing looks at is there. */
export function requestOf({ index, operation, owner, arrivedAt, pixels, asked }: SimulatedJob): JobRequest {
  const clockStartsAt = new Date(arrivedAt);
  return {
    operation,
    options: {},
    owner,
    source: {
      bucket: 'uploads',
      name: `${operation}/${index}.jpg`,
      generation: String(index),
      // From this number of bytes a router guesses the pixels.
      size: Math.round(pixels * usualBytesOfJpeg),
      contentType: 'image/jpeg',
      timeCreated: clockStartsAt,
      pixels: null,
    },
    class: 'interactive',
    batch: null,
    batchSize: null,
    batchIndex: null,
    upload: null,
    run: 0,
    retryOf: null,
    rerunOf: null,
    trace: null,
    clockStartsAt,
    ...asked,
  };
}

/**
 * Tells of each attempt at a job after which share of the work it crashes; null where it goes well. It is drawn for the
 * job and the number of the attempt, so that it is the same under every policy.
 */
export function drawCrashes(share: number, seed: number): (job: SimulatedJob) => number | null {
  const attempts = new Map<number, number>();
  return ({ index }) => {
    if (share === 0) return null;
    const attempt = (attempts.get(index) ?? 0) + 1;
    attempts.set(index, attempt);
    const random = randomStream(seed, `crash of attempt ${attempt} at job ${index}`);
    return random.uniform() < share ? random.uniform() : null;
  };
}
