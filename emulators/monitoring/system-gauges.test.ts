import { offeredWorkTiming } from '@spillway/core/routing/offered-work.ts';
import { cloudMonitoringTypeOf, definitionOf, metricNames } from '@spillway/core/telemetry-metrics.ts';
import { noon } from '@spillway/core/testing/sample-job.ts';
import { createMonitoringMetrics } from '@spillway/pipeline/gcp/metrics.ts';
import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { createGaugeReports } from '@spillway/pipeline/report-gauges.ts';
import { createSweeper } from '@spillway/pipeline/sweep-loop.ts';
import { gaugeMetrics } from '@spillway/pipeline/telemetry/gauges.ts';
import { createMetricsOutput } from '@spillway/pipeline/telemetry/metrics-output.ts';
import { workbench } from '@spillway/pipeline/testing/workbench.ts';
import { expect, it, onTestFinished } from 'vitest';
import { startMonitoring } from './server.ts';

const project = 'demo-figures';

/** Google's client before a stand-in for Cloud Monitoring, and a pipeline in memory. */
async function figures() {
  const server = await startMonitoring();
  const service = createMonitoringMetrics({
    SPILLWAY_PROJECT: project,
    MONITORING_EMULATOR_HOST: server.host,
  });
  onTestFinished(async () => {
    await server.stop();
    await service.close();
  });
  const warnings: string[] = [];
  const lines: string[] = [];
  const log = {
    ...createMemoryPorts().log,
    info: (_: object, message: string) => lines.push(message),
    warn: (_: object, message: string) => warnings.push(message),
  };
  const bench = await workbench({ log });
  const metrics = createMetricsOutput(service, bench.ports);
  const ports: Ports = { ...bench.ports, metrics };
  const ofType = (name: Parameters<typeof cloudMonitoringTypeOf>[0]) =>
    server.points.filter(({ type }) => type === cloudMonitoringTypeOf(name));
  return { server, service, bench, ports, warnings, lines, ofType };
}

it('the program that sweeps writes how many slots the work of both targets would keep busy', async () => {
  const { server, bench, ports, ofType } = await figures();
  await bench.drop('sketch/a.jpg');
  await bench.drop('sketch/b.jpg');
  const jobs = await bench.jobs();
  const workMs = jobs.reduce((sum, { vmWorkMs }) => sum + vmWorkMs, 0);
  expect(workMs).toBeGreaterThan(0);
  await createSweeper('one', ports).sweep();
  await expect.poll(() => server.points.length).toBeGreaterThan(0);
  expect(ofType('spillway.offered_work')).toEqual([
    {
      project,
      type: 'custom.googleapis.com/spillway/offered_work',
      labels: {},
      resource: { type: 'global', labels: { project_id: project } },
      value: workMs / offeredWorkTiming.arrivedWithin,
      distribution: null,
      since: null,
      at: noon,
    },
  ]);
});

it('it writes every gauge of the system, also where nothing happens', async () => {
  const { server, ports } = await figures();
  await createSweeper('one', ports).sweep();
  await expect.poll(() => server.points.length).toBeGreaterThan(0);
  const written = new Set(server.points.map(({ type }) => type));
  // What prewarming writes is there where it is switched on.
  const ofPrewarming = ['spillway.forecast.arrivals', 'spillway.run.minimum_instances'];
  const expected = metricNames
    .filter((name) => definitionOf(name).scope === 'system' && !ofPrewarming.includes(name))
    .map(cloudMonitoringTypeOf);
  expect([...written].sort()).toEqual(expected.sort());
});

it('programs that sweep in turns write one series, with a point now and then', async () => {
  const { bench, ports, warnings, ofType } = await figures();
  const programs = ['one', 'two'].map((name) => createGaugeReports(name, ports));
  for (let step = 0; step < 100; step++) {
    // Each has the sweep's lease for some time.
    await programs[Math.floor(step / 7) % 2]?.report();
    bench.clock.advance(3_000);
  }
  expect(warnings).toEqual([]);
  const times = ofType('spillway.offered_work').map(({ at }) => at.getTime());
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  expect(times.length).toBeGreaterThan(2);
  for (const gap of gaps) {
    expect(gap).toBeGreaterThanOrEqual(offeredWorkTiming.every);
    // Twice the time between points, because the other one waits for the end of the lease: the autoscaler wants a minute.
    expect(gap).toBeLessThanOrEqual(60_000);
  }
});

it('where it may not, one warning says which role to grant, and one line that it may again', async () => {
  const { server, bench, ports, warnings, lines } = await figures();
  server.mood = 'denies';
  const reports = createGaugeReports('one', ports);
  for (let round = 0; round < 3; round++) {
    await reports.report();
    bench.clock.advance(offeredWorkTiming.every);
  }
  expect(server.calls).toBe(3);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain(
    `grant roles/monitoring.metricWriter to the account of this program in ${project}`,
  );
  server.mood = 'answers';
  await reports.report();
  expect(server.points.length).toBeGreaterThan(0);
  expect(warnings).toHaveLength(1);
  expect(lines.filter((line) => line === 'Metrics are written again.')).toHaveLength(1);
});

it('where there is no answer, sweeps go on and no call waits behind another', async () => {
  const { server, bench, ports } = await figures();
  server.mood = 'is_silent';
  const reports = createGaugeReports('one', ports);
  for (let round = 0; round < 20; round++) {
    void reports.report();
    bench.clock.advance(offeredWorkTiming.every);
  }
  await expect.poll(() => server.calls).toBe(1);
  await createSweeper('two', ports).sweep();
  expect(server.points).toEqual([]);
});

it('where there is no service, one warning says so', async () => {
  const { server, bench, ports, warnings } = await figures();
  await server.stop();
  const reports = createGaugeReports('one', ports);
  for (let round = 0; round < 3; round++) {
    await reports.report();
    bench.clock.advance(offeredWorkTiming.every);
  }
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('Metrics cannot be written. Cloud Monitoring did not take metrics');
});

it('the stand-in refuses what the service refuses', async () => {
  const { service } = await figures();
  const write = async (value: number, ms: number) => {
    const at = new Date(noon.getTime() + ms);
    await service.write(gaugeMetrics([{ name: 'spillway.offered_work', labels: {}, value }], at), null);
  };
  await write(1, 0);
  await expect(write(1, 1_000)).rejects.toMatchObject({ name: 'RefusedError' });
  await expect(write(1, -1_000)).rejects.toMatchObject({ name: 'RefusedError' });
  await write(2, 5_000);
});
