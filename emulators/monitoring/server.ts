import { Server, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { definitionsOf, listenOn } from '../google-services.ts';
import { createTimeSeriesStore, type WrittenPoint } from './time-series.ts';

/** Of Cloud Monitoring: writing points of custom metrics, and looking a metric up. */
const serviceName = 'google.monitoring.v3.MetricService';

/** How the stand-in behaves: as the service does, for an account without rights, or like one that is not there. */
export type MonitoringMood = 'answers' | 'denies' | 'is_silent';

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
 * what the service refuses: points too close to each other or out of order, counts that go back, and series of another
 * form.
 */
export async function startMonitoring(port = 0): Promise<MonitoringServer> {
  const store = createTimeSeriesStore();
  const server = new Server();
  const monitoring = { mood: 'answers' as MonitoringMood, calls: 0 };

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

  server.addService((await definitionsOf('@google-cloud/monitoring')).service(serviceName), {
    createTimeSeries(call: ServerUnaryCall<unknown, object>, callback: sendUnaryData<object>) {
      monitoring.calls++;
      answer(callback, () => {
        store.write(call.request);
        return {};
      });
    },
    getMetricDescriptor(call: ServerUnaryCall<{ name: string }, object>, callback: sendUnaryData<object>) {
      const type = call.request.name.split('/metricDescriptors/')[1] ?? '';
      if (store.isKnown(type) || monitoring.mood !== 'answers')
        answer(callback, () => ({ name: call.request.name, type }));
      else callback({ code: status.NOT_FOUND, details: `Could not find descriptor for metric '${type}'.` });
    },
  });
  const host = await listenOn(server, port);
  return {
    host,
    points: store.points,
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
