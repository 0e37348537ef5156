import { z } from 'zod';

/** What Cloud Monitoring takes of custom metrics, and refuses. */

/** Milliseconds. @see https://cloud.google.com/monitoring/quotas#custom_metrics_quotas */
const leastApartMs = 5_000;

const timestampSchema = z
  .object({ seconds: z.coerce.number().default(0), nanos: z.number().default(0) })
  .transform(({ seconds, nanos }) => seconds * 1_000 + nanos / 1e6);

/** Labels that a monitored resource has to have. @see https://cloud.google.com/monitoring/api/resources */
const resourceLabels = {
  global: ['project_id'],
  generic_task: ['project_id', 'location', 'namespace', 'job', 'task_id'],
} as const;
const resourceSchema = z
  .strictObject({
    type: z.enum(['global', 'generic_task']),
    labels: z.record(z.string(), z.string().min(1).max(1_024)),
  })
  .refine(({ type, labels }) => {
    const wanted: readonly string[] = resourceLabels[type];
    return Object.keys(labels).sort().join() === [...wanted].sort().join();
  }, 'The set of resource labels is incomplete, or has labels of another resource.');

const count = z.coerce.number().int().min(0);
const distributionSchema = z
  .object({
    count: count.default(0),
    mean: z.number().default(0),
    bucketOptions: z.object({ explicitBuckets: z.object({ bounds: z.array(z.number()) }) }),
    bucketCounts: z.array(count).default([]),
  })
  .refine(
    ({ bucketOptions, bucketCounts }) =>
      bucketCounts.length <= bucketOptions.explicitBuckets.bounds.length + 1,
    'There are more counts than buckets.',
  )
  .refine(
    ({ count: all, bucketCounts }) => bucketCounts.reduce((sum, each) => sum + each, 0) === all,
    'The counts of the buckets do not add up to the count.',
  );
export type Distribution = z.infer<typeof distributionSchema>;

/** Each time series takes one point in a request. */
const onePoint = <Interval extends z.ZodType, Value extends z.ZodType>(interval: Interval, value: Value) =>
  z.tuple([z.looseObject({ interval, value })], 'Each time series takes one point in a request.');
const moment = z
  .object({ startTime: timestampSchema.optional(), endTime: timestampSchema })
  .refine(({ startTime, endTime }) => startTime === undefined || startTime === endTime, {
    error: 'The start time of a gauge must be its end time.',
  });
const period = z
  .object({ startTime: timestampSchema, endTime: timestampSchema })
  .refine(({ startTime, endTime }) => startTime < endTime, {
    error: 'The start time must be before the end time.',
  });

const common = {
  metric: z.strictObject({
    type: z.string().regex(/^custom\.googleapis\.com\/[\w./-]{1,200}$/),
    labels: z.record(z.string().regex(/^[a-z][a-z0-9_]{0,99}$/), z.string().max(1_024)).default({}),
  }),
  resource: resourceSchema,
};
const seriesSchema = z.union([
  z.strictObject({
    ...common,
    metricKind: z.literal('GAUGE'),
    valueType: z.literal('DOUBLE'),
    points: onePoint(moment, z.looseObject({ doubleValue: z.number() })),
  }),
  z.strictObject({
    ...common,
    metricKind: z.literal('CUMULATIVE'),
    valueType: z.literal('INT64'),
    points: onePoint(period, z.looseObject({ int64Value: count })),
  }),
  z.strictObject({
    ...common,
    metricKind: z.literal('CUMULATIVE'),
    valueType: z.literal('DISTRIBUTION'),
    points: onePoint(period, z.looseObject({ distributionValue: distributionSchema })),
  }),
]);
const writeSchema = z.object({ name: z.string(), timeSeries: z.array(z.unknown()).min(1).max(200) });
type Series = z.infer<typeof seriesSchema>;

export interface WrittenPoint {
  project: string;
  type: string;
  labels: Record<string, string>;
  resource: { type: string; labels: Record<string, string> };
  /** Of a distribution: its count. */
  value: number;
  distribution: Distribution | null;
  /** Null for a gauge. */
  since: Date | null;
  at: Date;
}

export interface TimeSeriesStore {
  /** Points that were taken, the oldest first. */
  readonly points: readonly WrittenPoint[];
  /** Takes the points of a request for `CreateTimeSeries`. Throws where the service would refuse one of them. */
  write(request: unknown): void;
  isKnown(type: string): boolean;
}

export function createTimeSeriesStore(): TimeSeriesStore {
  const points: WrittenPoint[] = [];
  /** The last point of each series. */
  const lastOf = new Map<string, WrittenPoint>();
  /** The first point of a metric makes its descriptor, which all others have to fit. */
  const formOf = new Map<string, string>();

  function take(project: string, series: Series): void {
    const point = pointOf(project, series);
    const form = [series.metricKind, series.valueType, ...Object.keys(series.metric.labels).sort()].join();
    const known = formOf.get(point.type) ?? form;
    if (form !== known) throw new Error(`The metric ${point.type} is ${known} and not ${form}.`);
    const name = JSON.stringify([project, series.metric, series.resource]);
    const last = lastOf.get(name);
    if (last) refuseTogether(point, last);
    formOf.set(point.type, form);
    lastOf.set(name, point);
    points.push(point);
  }

  return {
    points,
    write(request) {
      const { name, timeSeries } = writeSchema.parse(request);
      const project = name.replace(/^projects\//, '');
      const series = timeSeries.map((each) => seriesSchema.parse(each));
      const names = new Set(series.map(({ metric, resource }) => JSON.stringify([metric, resource])));
      if (names.size < series.length) throw new Error('A series may be in a request once.');
      for (const each of series) take(project, each);
    },
    isKnown: (type) => formOf.has(type),
  };
}

/** @throws Error where a point may not follow that one. */
function refuseTogether(point: WrittenPoint, last: WrittenPoint): void {
  if (point.at.getTime() < last.at.getTime() + leastApartMs) {
    throw new Error(
      'One or more points were written more frequently than the maximum sampling period configured for the metric.',
    );
  }
  if (point.since === null || last.since === null) return;
  const isOneCount = point.since.getTime() === last.since.getTime();
  if (!isOneCount && point.since <= last.at) {
    throw new Error('The start time must be that of the point before, or after the end of it.');
  }
  if (isOneCount && point.value < last.value) throw new Error('A cumulative value must not go down.');
}

function pointOf(project: string, { metric, resource, points: [point] }: Series): WrittenPoint {
  const { interval, value } = point;
  const distribution = 'distributionValue' in value ? value.distributionValue : null;
  return {
    project,
    type: metric.type,
    labels: metric.labels,
    resource,
    value: numberOf(value as Parameters<typeof numberOf>[0]),
    distribution: distribution as Distribution | null,
    since: interval.startTime === undefined ? null : new Date(interval.startTime),
    at: new Date(interval.endTime),
  };
}

function numberOf(
  value: { doubleValue: number } | { int64Value: number } | { distributionValue: Distribution },
): number {
  if ('doubleValue' in value) return value.doubleValue;
  return 'int64Value' in value ? value.int64Value : value.distributionValue.count;
}
