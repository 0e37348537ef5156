import type { MetricServiceClient, protos } from '@google-cloud/monitoring';
import { DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';
import {
  cloudMonitoringFormOf,
  cloudMonitoringTypeOf,
  type MetricName,
} from '@spillway/core/telemetry-metrics.ts';
import type { BaseConfig } from '../config.ts';
import type { MetricsService, Origin } from '../ports/metrics.ts';
import { emulatorEndpoint } from './emulator-endpoint.ts';
import { asServiceError, codeOf } from './outages.ts';

type TimeSeries = protos.google.monitoring.v3.ITimeSeries;
type Interval = protos.google.monitoring.v3.ITimeInterval;
type Value = protos.google.monitoring.v3.ITypedValue;

/** A call that takes longer is given up: the next point follows. Milliseconds. */
const longestMs = 5_000;
/** Time series of one call. @see https://cloud.google.com/monitoring/quotas#custom_metrics_quotas */
const mostSeries = 200;
/** gRPC: PERMISSION_DENIED. */
const denied = 7;

export interface MonitoringMetrics extends MetricsService {
  /** Looks a metric up, which takes the same role as writing it. One that was never written is not found. */
  lookUp(): Promise<unknown>;
  close(): Promise<void>;
}

/** Cloud Monitoring. Its client is loaded at the first call, because no start and no upload should wait for it. */
export function createMonitoringMetrics({
  SPILLWAY_PROJECT: project,
  MONITORING_EMULATOR_HOST: emulator,
}: Pick<BaseConfig, 'SPILLWAY_PROJECT' | 'MONITORING_EMULATOR_HOST'>): MonitoringMetrics {
  let opening: Promise<MetricServiceClient> | null = null;
  const startedMs = Date.now();
  const options = { timeout: longestMs };
  const name = `projects/${project}`;

  function client(): Promise<MetricServiceClient> {
    opening ??= openClient(project, emulator);
    return opening;
  }

  return {
    async write(metrics, origin) {
      const series = metrics.flatMap((metric) => seriesOf(metric, { project, origin, startedMs }));
      try {
        const monitoring = await client();
        const calls = inParts(series, mostSeries).map((timeSeries) =>
          monitoring.createTimeSeries({ name, timeSeries }, options),
        );
        await Promise.all(calls);
      } catch (error) {
        const operation = codeOf(error) === denied ? `take metrics (${grant(project)})` : 'take metrics';
        throw asServiceError('Cloud Monitoring', error, operation);
      }
    },
    async lookUp() {
      const type = cloudMonitoringTypeOf('spillway.offered_work');
      return (await client()).getMetricDescriptor({ name: `${name}/metricDescriptors/${type}` }, options);
    },
    async close() {
      await (await opening)?.close();
    },
  };
}

function grant(project: string): string {
  return `grant roles/monitoring.metricWriter to the account of this program in ${project}`;
}

interface Written {
  project: string;
  origin: Origin | null;
  /** When this process began to count. */
  startedMs: number;
}

/**
 * A series for each combination of labels, with one point. What a process counts is cumulative, with one start for all of
 * its points; a process that begins again starts after the last point of the one before.
 * @see https://cloud.google.com/monitoring/custom-metrics/creating-metrics#writing-ts
 * @see https://cloud.google.com/monitoring/api/ref_v3/rest/v3/TimeInterval
 */
function seriesOf(metric: MetricData, { project, origin, startedMs }: Written): TimeSeries[] {
  const name = metric.descriptor.name as MetricName;
  const form = cloudMonitoringFormOf(name);
  const type = cloudMonitoringTypeOf(name);
  const resource = resourceOf(project, origin);
  return pointsOf(metric).map(({ labels, endMs, value }) => ({
    metric: { type, labels },
    resource,
    ...form,
    points: [{ interval: intervalOf(form.metricKind, startedMs, endMs), value }],
  }));
}

/**
 * The autoscaler of the VMs takes a metric of the resource `global` as that of its whole group. A process is a
 * `generic_task`, so that two of them never write the same series.
 * @see https://cloud.google.com/compute/docs/autoscaler/scaling-cloud-monitoring-metrics
 * @see https://cloud.google.com/monitoring/api/resources#tag_generic_task
 */
function resourceOf(project: string, origin: Origin | null): protos.google.api.IMonitoredResource {
  if (origin === null) return { type: 'global', labels: { project_id: project } };
  const { program, instance } = origin;
  const labels = {
    project_id: project,
    location: 'global',
    namespace: 'spillway',
    job: program,
    task_id: instance,
  };
  return { type: 'generic_task', labels };
}

interface Point {
  labels: Record<string, string>;
  endMs: number;
  value: Value;
}

function pointsOf(metric: MetricData): Point[] {
  switch (metric.dataPointType) {
    case DataPointType.SUM:
      return metric.dataPoints.map((point) => ({ ...partsOf(point), value: { int64Value: point.value } }));
    case DataPointType.GAUGE:
      return metric.dataPoints.map((point) => ({ ...partsOf(point), value: { doubleValue: point.value } }));
    case DataPointType.HISTOGRAM:
      return metric.dataPoints.map((point) => ({
        ...partsOf(point),
        value: { distributionValue: distributionOf(point.value) },
      }));
    case DataPointType.EXPONENTIAL_HISTOGRAM:
      throw new Error(`${metric.descriptor.name} has buckets that are not in the catalogue.`);
    default:
      return metric satisfies never;
  }
}

type DataPoint = MetricData['dataPoints'][number];

function partsOf({ attributes, endTime: [seconds, nanos] }: DataPoint): Pick<Point, 'labels' | 'endMs'> {
  return { labels: attributes as Record<string, string>, endMs: seconds * 1_000 + nanos / 1e6 };
}

type Histogram = Extract<
  MetricData,
  { dataPointType: DataPointType.HISTOGRAM }
>['dataPoints'][number]['value'];

/** @see https://cloud.google.com/monitoring/api/ref_v3/rest/v3/TypedValue#Distribution */
function distributionOf({ count, sum = 0, buckets }: Histogram): protos.google.api.IDistribution {
  return {
    count,
    mean: count === 0 ? 0 : sum / count,
    bucketOptions: { explicitBuckets: { bounds: buckets.boundaries } },
    bucketCounts: buckets.counts,
  };
}

function intervalOf(kind: 'CUMULATIVE' | 'GAUGE', startedMs: number, endMs: number): Interval {
  switch (kind) {
    case 'GAUGE':
      return { endTime: timestamp(endMs) };
    case 'CUMULATIVE':
      // It must not be empty.
      return { startTime: timestamp(startedMs), endTime: timestamp(Math.max(endMs, startedMs + 1)) };
    default:
      return kind satisfies never;
  }
}

function timestamp(ms: number): protos.google.protobuf.ITimestamp {
  const whole = Math.floor(ms);
  return { seconds: Math.floor(whole / 1_000), nanos: (whole % 1_000) * 1_000_000 };
}

function inParts<Item>(items: readonly Item[], most: number): Item[][] {
  const parts: Item[][] = [];
  for (let first = 0; first < items.length; first += most) parts.push(items.slice(first, first + most));
  return parts;
}

async function openClient(projectId: string, emulator: string | undefined): Promise<MetricServiceClient> {
  const { MetricServiceClient: Client } = await import('@google-cloud/monitoring');
  return new Client({ projectId, ...(emulator === undefined ? {} : await emulatorEndpoint(emulator)) });
}
