import type { MetricServiceClient } from '@google-cloud/monitoring';
import type { BaseConfig } from '../config.ts';
import type { Metrics } from '../ports/metrics.ts';
import { emulatorEndpoint } from './emulator-endpoint.ts';
import { offeredWorkMetric } from './offered-work-metric.ts';
import { asServiceError, codeOf } from './outages.ts';

/** A call that takes longer is given up: the next point follows. Milliseconds. */
const longestMs = 10_000;
/** gRPC: PERMISSION_DENIED. */
const denied = 7;

export interface MonitoringMetrics extends Metrics {
  /** Looks the metric up, which takes the same role as writing it. One that was never written is not found. */
  lookUp(): Promise<unknown>;
  close(): Promise<void>;
}

/** Cloud Monitoring. Its client is loaded at the first call, because no start and no upload should wait for it. */
export function createMonitoringMetrics({
  SPILLWAY_PROJECT: project,
  MONITORING_EMULATOR_HOST: emulator,
}: Pick<BaseConfig, 'SPILLWAY_PROJECT' | 'MONITORING_EMULATOR_HOST'>): MonitoringMetrics {
  let opening: Promise<MetricServiceClient> | null = null;
  const options = { timeout: longestMs };

  function client(): Promise<MetricServiceClient> {
    opening ??= openClient(project, emulator);
    return opening;
  }

  return {
    async writeOfferedWork(slots, at) {
      const name = `projects/${project}`;
      const timeSeries = [seriesOf(project, slots, at)];
      try {
        await (await client()).createTimeSeries({ name, timeSeries }, options);
      } catch (error) {
        const operation = codeOf(error) === denied ? `take the offered work (${grant(project)})` : takeIt;
        throw asServiceError('Cloud Monitoring', error, operation);
      }
    },
    async lookUp() {
      const name = `projects/${project}/metricDescriptors/${offeredWorkMetric.type}`;
      return (await client()).getMetricDescriptor({ name }, options);
    },
    async close() {
      await (await opening)?.close();
    },
  };
}

const takeIt = 'take the offered work';

function grant(project: string): string {
  return `grant roles/monitoring.metricWriter to the account of this program in ${project}`;
}

/** @see https://cloud.google.com/monitoring/custom-metrics/creating-metrics#writing-ts */
function seriesOf(project: string, slots: number, at: Date) {
  const { type, resourceType } = offeredWorkMetric;
  const ms = at.getTime();
  const endTime = { seconds: Math.floor(ms / 1_000), nanos: (ms % 1_000) * 1_000_000 };
  return {
    metric: { type, labels: {} },
    resource: { type: resourceType, labels: { project_id: project } },
    metricKind: 'GAUGE' as const,
    valueType: 'DOUBLE' as const,
    points: [{ interval: { endTime }, value: { doubleValue: slots } }],
  };
}

async function openClient(projectId: string, emulator: string | undefined): Promise<MetricServiceClient> {
  const { MetricServiceClient: Client } = await import('@google-cloud/monitoring');
  return new Client({ projectId, ...(emulator === undefined ? {} : await emulatorEndpoint(emulator)) });
}
