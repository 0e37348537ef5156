import { failureCodeList } from './errors.ts';
import { workerStates } from './heartbeat.ts';
import { jobClasses, jobStates, routeReasons, targetSchema } from './job.ts';
import { isOperationName, operationNames } from './operations.ts';

/**
 * The catalogue of metrics: everything else (instruments, `/metrics`, descriptors, alerts, dashboards, the table in
 * docs/metrics.md) takes names, units and labels from here.
 *
 * No label tells a job, an owner or a file, because each combination of label values is a time series that is kept and
 * paid for. `boundedLabels` sees to it that a label has only values of this list.
 */
export interface MetricDefinition {
  /** `histogram`: a distribution over `buckets`. */
  kind: 'counter' | 'histogram' | 'gauge';
  /**
   * `process`: what one program has seen since it started. The sum over all programs is the whole.
   * `system`: what is true of all of Spillway. The leader of the sweep reads and writes it.
   */
  scope: 'process' | 'system';
  /** A UCUM unit, as Cloud Monitoring and OpenTelemetry write it. What is counted is in braces. */
  unit: MetricUnit;
  /** One English sentence. */
  meaning: string;
  labels: Readonly<Record<string, LabelValues>>;
  /** Upper bounds of a histogram's buckets, in `unit`. */
  buckets?: readonly number[];
}

/** `operations`: those of the program's registry, which has 16 at most. */
type LabelValues = readonly string[] | 'operations';
type MetricUnit = keyof typeof unitSuffixes;

/** What a name in Prometheus' style ends with. @see https://prometheus.io/docs/practices/naming/ */
const unitSuffixes = {
  s: '_seconds',
  's/s': '',
  '{USD}': '_usd',
  '{attempt}': '',
  '{breaker}': '',
  '{decision}': '',
  '{instance}': '',
  '{item}': '',
  '{job}': '',
  '{job}/min': '_per_minute',
  '{target}': '',
  '{worker}': '',
} as const;

/** The value of a label for what is not in the catalogue: an operation of a plug-in that is gone, a newer code. */
export const otherValue = 'other';
/** The value of a label that does not apply: the failure code of a job that succeeded. */
export const noValue = 'none';

const targets = targetSchema.options;
const yesNo = ['yes', 'no'] as const;
const endStates = jobStates.filter((state) => state !== 'queued' && state !== 'processing');
/** Why an attempt ended without an outcome. `abandoned`: its worker stopped renewing the claim. */
const giveBackReasons = ['attempt_failed', 'outage', 'leaving', 'machine', 'abandoned'] as const;
export type GiveBackReason = (typeof giveBackReasons)[number];
const putAsideKinds = ['message', 'event'] as const;
/** Minutes from now. */
export const forecastHorizons = ['1', '5', '15'] as const;

/** Seconds. The objectives of operations lie between 15 s and some minutes; bulk jobs may wait for hours. */
const waitBuckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400] as const;
/** Seconds. */
const runBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300] as const;

export const metricCatalogue = {
  'spillway.jobs.ended': {
    kind: 'counter',
    scope: 'process',
    unit: '{job}',
    meaning: 'Jobs whose end this program has recorded. Repeated messages and events do not count again.',
    labels: {
      operation: 'operations',
      // What was refused at once has no target.
      target: [...targets, noValue],
      state: endStates,
      code: [noValue, ...failureCodeList],
    },
  },
  'spillway.job.wait': {
    kind: 'histogram',
    scope: 'process',
    unit: 's',
    meaning: 'From the upload, or the retry, of a job that succeeded to the claim with which it did.',
    labels: { operation: 'operations', target: targets },
    buckets: waitBuckets,
  },
  'spillway.job.run': {
    kind: 'histogram',
    scope: 'process',
    unit: 's',
    meaning: 'How long the operation itself took for a job that succeeded, decoding and encoding included.',
    labels: { operation: 'operations', target: targets },
    buckets: runBuckets,
  },
  'spillway.job.objective': {
    kind: 'counter',
    scope: 'process',
    unit: '{job}',
    meaning:
      'Jobs that ended, by whether they succeeded by their deadline. What is refused because of the picture or the request, superseded or cancelled does not count.',
    labels: { operation: 'operations', class: jobClasses, kept: yesNo },
  },
  'spillway.jobs.given_back': {
    kind: 'counter',
    scope: 'process',
    unit: '{attempt}',
    meaning: 'Attempts that ended without an outcome, after which the job waits again.',
    labels: { operation: 'operations', target: targets, why: giveBackReasons },
  },
  'spillway.routing.decisions': {
    kind: 'counter',
    scope: 'process',
    unit: '{decision}',
    meaning:
      'Decisions where a job waits. A move is a later decision that sends a waiting job to the other target.',
    labels: { target: targets, reason: routeReasons, move: yesNo },
  },
  'spillway.dead_letters': {
    kind: 'counter',
    scope: 'process',
    unit: '{item}',
    meaning: 'Messages and events that were put aside in jobs-dead because nobody can handle them.',
    labels: { kind: putAsideKinds },
  },
  'spillway.queue.oldest_age': {
    kind: 'gauge',
    scope: 'system',
    unit: 's',
    meaning:
      'How long the oldest job that waits for a target has waited since it was created; 0 if none waits.',
    labels: { target: targets },
  },
  'spillway.queue.jobs': {
    kind: 'gauge',
    scope: 'system',
    unit: '{job}',
    meaning: 'Open jobs: those that wait for a target, and those that are worked on there.',
    labels: { target: targets, state: ['queued', 'processing'] },
  },
  'spillway.breaker.open': {
    kind: 'gauge',
    scope: 'system',
    unit: '{breaker}',
    meaning:
      'Circuit breakers that hold work back: 1 for Cloud Run while routers send nothing there, and the number of VMs that have paused themselves.',
    labels: { target: targets },
  },
  'spillway.targets.open': {
    kind: 'gauge',
    scope: 'system',
    unit: '{target}',
    meaning:
      '1 while a target takes new work, else 0: a VM is ready, or nothing keeps routers from Cloud Run.',
    labels: { target: targets },
  },
  'spillway.workers': {
    kind: 'gauge',
    scope: 'system',
    unit: '{worker}',
    meaning: 'Workers that were heard of lately, by what they say of themselves.',
    labels: { target: targets, state: workerStates },
  },
  'spillway.passed_over': {
    kind: 'gauge',
    scope: 'system',
    unit: '{item}',
    meaning: 'Uploads, jobs and documents for which nothing can be done until a person looks; 20 at most.',
    labels: {},
  },
  'spillway.spend.last_hour': {
    kind: 'gauge',
    scope: 'system',
    unit: '{USD}',
    meaning: 'US dollars that decisions of the last hour gave to Cloud Run.',
    labels: {},
  },
  'spillway.offered_work': {
    kind: 'gauge',
    scope: 'system',
    unit: 's/s',
    meaning: 'Slots of VMs that the work of both targets would keep busy if VMs did all of it.',
    labels: {},
  },
  'spillway.forecast.arrivals': {
    kind: 'gauge',
    scope: 'system',
    unit: '{job}/min',
    meaning: 'Jobs that are expected to arrive within the minute that is so many minutes ahead.',
    labels: { operation: 'operations', minutes: forecastHorizons },
  },
  'spillway.run.minimum_instances': {
    kind: 'gauge',
    scope: 'system',
    unit: '{instance}',
    meaning: 'Minimum instances that prewarming has set for the Cloud Run worker.',
    labels: {},
  },
} as const satisfies Record<string, MetricDefinition>;

type Catalogue = typeof metricCatalogue;
export type MetricName = keyof Catalogue;
/** Names of the metrics of one kind and scope. */
export type MetricsOf<Wanted extends Partial<Pick<MetricDefinition, 'kind' | 'scope'>>> = {
  [Name in MetricName]: Catalogue[Name] extends Wanted ? Name : never;
}[MetricName];

/** The labels that a metric has. An operation may be any text: what the registry does not know becomes `other`. */
export type LabelsOf<Name extends MetricName> = {
  readonly [Label in keyof Catalogue[Name]['labels']]: Catalogue[Name]['labels'][Label] extends readonly (infer Value)[]
    ? Value
    : string;
};

export const metricNames = Object.keys(metricCatalogue) as MetricName[];

export function definitionOf(name: MetricName): MetricDefinition {
  return metricCatalogue[name];
}

/** As Prometheus calls it: `spillway.job.wait` is `spillway_job_wait_seconds`. Series of a histogram add their endings. */
export function prometheusNameOf(name: MetricName): string {
  const { kind, unit } = definitionOf(name);
  return `${name.replaceAll('.', '_')}${unitSuffixes[unit]}${kind === 'counter' ? '_total' : ''}`;
}

/** As Cloud Monitoring calls it: `spillway.job.wait` is `custom.googleapis.com/spillway/job/wait`. */
export function cloudMonitoringTypeOf(name: MetricName): string {
  return `custom.googleapis.com/${name.replaceAll('.', '/')}`;
}

/** The form that Cloud Monitoring's descriptor of a metric has. */
export function cloudMonitoringFormOf(name: MetricName): {
  metricKind: 'CUMULATIVE' | 'GAUGE';
  valueType: 'INT64' | 'DISTRIBUTION' | 'DOUBLE';
} {
  const { kind } = definitionOf(name);
  switch (kind) {
    case 'counter':
      return { metricKind: 'CUMULATIVE', valueType: 'INT64' };
    case 'histogram':
      return { metricKind: 'CUMULATIVE', valueType: 'DISTRIBUTION' };
    case 'gauge':
      return { metricKind: 'GAUGE', valueType: 'DOUBLE' };
    default:
      return kind satisfies never;
  }
}

/** Every value that a label can have, `other` included. */
export function valuesOf(values: LabelValues): readonly string[] {
  return values === 'operations' ? [...operationNames, otherValue] : [...values, otherValue];
}

/** Labels with values of the catalogue alone: a value that it does not have is `other`. */
export function boundedLabels<Name extends MetricName>(
  name: Name,
  labels: LabelsOf<Name>,
): Record<string, string> {
  const given = labels as Readonly<Record<string, string>>;
  return Object.fromEntries(
    Object.entries(definitionOf(name).labels).map(([label, values]) => {
      const value = given[label];
      return [label, value !== undefined && isValueOf(values, value) ? value : otherValue];
    }),
  );
}

function isValueOf(values: LabelValues, value: string): boolean {
  return values === 'operations' ? isOperationName(value) : values.includes(value);
}
