import {
  cloudMonitoringTypeOf,
  definitionOf,
  type MetricName,
  metricCatalogue,
} from '@spillway/core/telemetry-metrics.ts';
import { createMonitoringMetrics } from '@spillway/pipeline/gcp/metrics.ts';
import { silentLog } from '@spillway/pipeline/memory/ports.ts';
import { createMeter } from '@spillway/pipeline/telemetry/meter.ts';
import { createMetricsOutput } from '@spillway/pipeline/telemetry/metrics-output.ts';
import { startMetricsPush } from '@spillway/pipeline/telemetry/metrics-push.ts';
import { manualClock } from '@spillway/pipeline/testing/manual-clock.ts';
import { metricsOfEverything } from '@spillway/pipeline/testing/metrics-of-everything.ts';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startMonitoring } from './server.ts';

const project = 'demo-figures';
const minute = 60_000;

/** Google's client before a stand-in for Cloud Monitoring. The time of all of them is the test's. */
async function world() {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const server = await startMonitoring();
  const services: ReturnType<typeof createMonitoringMetrics>[] = [];
  const said: string[] = [];
  const log = { ...silentLog, warn: (_: object, line: string) => said.push(line) };
  /** A process that counts, and writes at the end of each request where that is due. */
  const begin = (instance: string) => {
    const service = createMonitoringMetrics({
      SPILLWAY_PROJECT: project,
      MONITORING_EMULATOR_HOST: server.host,
    });
    services.push(service);
    const meter = createMeter();
    const output = createMetricsOutput(service, { log, clock: manualClock() });
    const origin = { program: 'vm-worker', instance };
    const push = startMetricsPush({ output, metrics: meter, origin, timers: null });
    return { ...meter.instruments, read: meter.read, push, service };
  };
  onTestFinished(async () => {
    await server.stop();
    await Promise.all(services.map((service) => service.close()));
  });
  const advance = (ms: number) => vi.setSystemTime(Date.now() + ms);
  return { server, begin, advance, said };
}

const decision = { target: 'vm', reason: 'vm_in_time', move: 'no' } as const;
const sketch = { operation: 'sketch', target: 'vm' } as const;

it('what processes count are series of their own, which go on from one start', async () => {
  const { server, begin, advance, said } = await world();
  const started = Date.now();
  const [one, two] = [begin('one'), begin('two')];
  for (let round = 0; round < 3; round++) {
    advance(minute);
    for (const each of [one, two]) {
      each.count('spillway.routing.decisions', decision);
      await each.push.whenDue();
    }
  }
  expect(said).toEqual([]);
  const ofOne = server.points.filter(({ resource }) => resource.labels.task_id === 'one');
  expect(ofOne).toHaveLength(3);
  expect(ofOne.map(({ value }) => value)).toEqual([1, 2, 3]);
  expect(ofOne[0]).toMatchObject({
    project,
    type: cloudMonitoringTypeOf('spillway.routing.decisions'),
    labels: decision,
    resource: {
      type: 'generic_task',
      labels: { project_id: project, location: 'global', namespace: 'spillway', job: 'vm-worker' },
    },
  });
  expect(new Set(ofOne.map(({ since }) => since?.getTime()))).toEqual(new Set([started]));
  expect(server.points.filter(({ resource }) => resource.labels.task_id === 'two')).toHaveLength(3);
});

it('a distribution has the buckets of the catalogue', async () => {
  const { server, begin, advance } = await world();
  const worker = begin('one');
  advance(minute);
  for (const seconds of [0.01, 0.3, 1_000]) worker.observe('spillway.job.run', sketch, seconds);
  await worker.push.whenDue();
  const [point] = server.points;
  const { buckets } = metricCatalogue['spillway.job.run'];
  expect(point?.distribution).toMatchObject({
    count: 3,
    mean: (0.01 + 0.3 + 1_000) / 3,
    bucketOptions: { explicitBuckets: { bounds: buckets } },
  });
  expect(point?.distribution?.bucketCounts).toEqual([
    ...buckets.map((bound) => (bound === 0.05 || bound === 0.5 ? 1 : 0)),
    1,
  ]);
});

it('a process that begins again under its name starts after the last point of the one before', async () => {
  const { server, begin, advance, said } = await world();
  for (const counted of [3, 1]) {
    const worker = begin('spillway-vm-1');
    advance(minute);
    for (let times = 0; times < counted; times++) worker.count('spillway.routing.decisions', decision);
    await worker.push.stop();
    advance(minute);
  }
  expect(said).toEqual([]);
  expect(server.points.map(({ value }) => value)).toEqual([3, 1]);
});

it('everything that the catalogue has is taken', async () => {
  const { server, begin, advance } = await world();
  const { service } = begin('one');
  advance(minute);
  const metrics = await metricsOfEverything(new Date());
  const [ofProcess = [], ofSystem = []] = ['process', 'system'].map((scope) =>
    metrics.filter(({ descriptor }) => definitionOf(descriptor.name as MetricName).scope === scope),
  );
  await service.write(ofProcess, { program: 'route', instance: 'one' });
  await service.write(ofSystem, null);
  const series = metrics.reduce((sum, { dataPoints }) => sum + dataPoints.length, 0);
  expect(server.points).toHaveLength(series);
});

it('more series than a call takes are written in several', async () => {
  const { server, begin, advance } = await world();
  const { service, count, read } = begin('one');
  advance(minute);
  count('spillway.routing.decisions', decision);
  const [metric] = await read();
  if (!metric || !('isMonotonic' in metric)) throw new Error('It is no counter.');
  const [point] = metric.dataPoints;
  if (!point) throw new Error('It has counted nothing.');
  const dataPoints = Array.from({ length: 450 }, (_, number) => ({
    ...point,
    attributes: { ...point.attributes, reason: `reason ${number}` },
  }));
  await service.write([{ ...metric, dataPoints }], { program: 'route', instance: 'one' });
  expect([server.calls, server.points.length]).toEqual([3, 450]);
});
