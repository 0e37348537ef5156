import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { z } from 'zod';
import { servicesOf } from '../google-services.ts';

/** Of Cloud Monitoring: writing points of custom metrics, and looking a metric up. */
const serviceName = 'google.monitoring.v3.MetricService';

/** @see https://cloud.google.com/monitoring/quotas#custom_metrics_quotas */
const leastApartMs = 5_000;

const timestampSchema = z.object({ seconds: z.coerce.number(), nanos: z.number().default(0) });
/** Only what the real service takes of a gauge. */
const seriesSchema = z.strictObject({
  metric: z.strictObject({
    type: z.string().regex(/^custom\.googleapis\.com\/[\w./-]{1,200}$/),
    labels: z.record(z.string(), z.string()).default({}),
  }),
  resource: z.strictObject({
    type: z.enum(['global', 'generic_task', 'generic_node', 'gce_instance']),
    labels: z.record(z.string(), z.string()),
  }),
  metricKind: z.literal('GAUGE'),
  valueType: z.literal('DOUBLE'),
  points: z
    .array(
      z.looseObject({
        interval: z.looseObject({ endTime: timestampSchema }),
        value: z.looseObject({ doubleValue: z.number() }),
      }),
    )
    .length(1, 'Each time series takes one point in a request.'),
});
const writeSchema = z.object({ name: z.string(), timeSeries: z.array(z.unknown()).min(1).max(200) });
type Series = z.infer<typeof seriesSchema>;

/** How the stand-in behaves: as the service does, for an account without rights, or like one that is not there. */
export type MonitoringMood = 'answers' | 'denies' | 'is_silent';

export interface WrittenPoint {
  project: string;
  type: string;
  resource: { type: string; labels: Record<string, string> };
  value: number;
  at: Date;
}

export interface MonitoringServer {
  /** Host and port, for `MONITORING_EMULATOR_HOST`. */
  host: string;
  /** Points that were taken, the oldest first. */
  readonly points: readonly WrittenPoint[];
  /** Writing calls that have come. */
  readonly calls: number;
  mood: MonitoringMood;
  stop(): Promise<void>;
}

/**
 * A stand-in for Cloud Monitoring on this machine, made from the protocol buffers of Google's own client. It refuses
 * what the service refuses: points too close to each other or out of order, and series of another form.
 */
export async function startMonitoring(port = 0): Promise<MonitoringServer> {
  const points: WrittenPoint[] = [];
  /** By the name of the series: the time of its last point. */
  const lastOf = new Map<string, number>();
  const server = new Server();
  const monitoring = { mood: 'answers' as MonitoringMood, calls: 0 };

  function write(request: unknown): void {
    const { name, timeSeries } = writeSchema.parse(request);
    const project = name.replace(/^projects\//, '');
    for (const each of timeSeries) take(project, seriesSchema.parse(each));
  }

  function take(project: string, { metric, resource, points: [point] }: Series): void {
    if (!point) return;
    const { seconds, nanos } = point.interval.endTime;
    const at = seconds * 1_000 + nanos / 1e6;
    const series = JSON.stringify([project, metric, resource]);
    if (at < (lastOf.get(series) ?? Number.NEGATIVE_INFINITY) + leastApartMs) {
      throw new Error(
        'One or more points were written more frequently than the maximum sampling period configured for the metric.',
      );
    }
    lastOf.set(series, at);
    const { doubleValue: value } = point.value;
    points.push({ project, type: metric.type, resource, value, at: new Date(at) });
  }

  function answer(callback: sendUnaryData<object>, handle: () => object): void {
    switch (monitoring.mood) {
      case 'is_silent':
        return;
      case 'denies':
        callback({
          code: status.PERMISSION_DENIED,
          details: 'Permission monitoring.timeSeries.create denied',
        });
        return;
      case 'answers':
        try {
          callback(null, handle());
        } catch (error) {
          callback({ code: status.INVALID_ARGUMENT, details: String(error) });
        }
        return;
      default:
        monitoring.mood satisfies never;
    }
  }

  server.addService((await servicesOf('@google-cloud/monitoring'))(serviceName), {
    createTimeSeries(call: ServerUnaryCall<unknown, object>, callback: sendUnaryData<object>) {
      monitoring.calls++;
      answer(callback, () => {
        write(call.request);
        return {};
      });
    },
    getMetricDescriptor(call: ServerUnaryCall<{ name: string }, object>, callback: sendUnaryData<object>) {
      const type = call.request.name.split('/metricDescriptors/')[1];
      const isKnown = points.some((point) => point.type === type);
      if (isKnown || monitoring.mood !== 'answers')
        answer(callback, () => ({ name: call.request.name, type }));
      else callback({ code: status.NOT_FOUND, details: `Could not find descriptor for metric '${type}'.` });
    },
  });
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, chosen) => {
      if (error) reject(error);
      else resolve(chosen);
    });
  });
  return {
    host: `127.0.0.1:${bound}`,
    points,
    get calls() {
      return monitoring.calls;
    },
    get mood() {
      return monitoring.mood;
    },
    set mood(mood) {
      monitoring.mood = mood;
    },
    async stop() {
      server.forceShutdown();
    },
  };
}
