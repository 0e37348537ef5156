import { manifestOf, type OperationName, operationNames } from '@spillway/core/operations.ts';
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
  owner: string;
  arrivedAt: number;
  deadlineAt: number;
  /** As the router guesses them. */
  pixels: number;
  /** As they are. */
  decodedPixels: number;
  /** From the claim to the outcome, on a VM of full speed and on Cloud Run. */
  vmMs: number;
  runMs: number;
  /** From the upload's end until a router hears of it; from reserving to publishing. */
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
      vmMs: serviceMs(serviceTimeOf(scenario, 'vm', operation), size, hardness),
      runMs: serviceMs(serviceTimeOf(scenario, 'run', operation), size, hardness),
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

function serviceMs(
  { fixedMs, perMegapixelMs, sigma }: ServiceTime,
  megapixels: number,
  hardness: number,
): number {
  return (fixedMs + perMegapixelMs * megapixels) * Math.exp(sigma * hardness);
}
