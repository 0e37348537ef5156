import { offeredWorkTiming } from '@spillway/core/routing/offered-work.ts';
import { noon } from '@spillway/core/testing/sample-job.ts';
import { createMonitoringMetrics } from '@spillway/pipeline/gcp/metrics.ts';
import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { createOfferedWorkReports } from '@spillway/pipeline/offered-work.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { createSweeper } from '@spillway/pipeline/sweep-loop.ts';
import { workbench } from '@spillway/pipeline/testing/workbench.ts';
import { expect, it, onTestFinished } from 'vitest';
import { startMonitoring } from './server.ts';

const project = 'demo-figures';

/** Google's client before a stand-in for Cloud Monitoring, and a pipeline in memory. */
async function figures() {
  const server = await startMonitoring();
  const metrics = createMonitoringMetrics({
    SPILLWAY_PROJECT: project,
    MONITORING_EMULATOR_HOST: server.host,
  });
  onTestFinished(async () => {
    await server.stop();
    await metrics.close();
  });
  const warnings: string[] = [];
  const log = { ...createMemoryPorts().log, warn: (_: object, message: string) => warnings.push(message) };
  const bench = await workbench({ log });
  const ports: Ports = { ...bench.ports, metrics };
  return { server, metrics, bench, ports, warnings };
}

it('the program that sweeps writes how many slots the work of both targets would keep busy', async () => {
  const { server, bench, ports } = await figures();
  await bench.drop('sketch/a.jpg');
  await bench.drop('sketch/b.jpg');
  const jobs = await bench.jobs();
  const workMs = jobs.reduce((sum, { vmWorkMs }) => sum + vmWorkMs, 0);
  expect(workMs).toBeGreaterThan(0);
  await createSweeper('one', ports).sweep();
  await expect.poll(() => server.points.length).toBe(1);
  expect(server.points[0]).toEqual({
    project,
    type: 'custom.googleapis.com/spillway/offered_work',
    resource: { type: 'global', labels: { project_id: project } },
    value: workMs / offeredWorkTiming.arrivedWithin,
    at: noon,
  });
});

it('programs that sweep in turns write one series, with a point now and then', async () => {
  const { server, bench, ports, warnings } = await figures();
  const programs = ['one', 'two'].map((name) => createOfferedWorkReports(name, ports));
  for (let step = 0; step < 100; step++) {
    // Each has the sweep's lease for some time.
    await programs[Math.floor(step / 7) % 2]?.report();
    bench.clock.advance(3_000);
  }
  expect(warnings).toEqual([]);
  const times = server.points.map(({ at }) => at.getTime());
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  expect(times.length).toBeGreaterThan(2);
  for (const gap of gaps) {
    expect(gap).toBeGreaterThanOrEqual(offeredWorkTiming.every);
    // Twice the time between points, because the other one waits for the end of the lease: the autoscaler wants a minute.
    expect(gap).toBeLessThanOrEqual(60_000);
  }
});

it('where it may not, one warning says which role to grant', async () => {
  const { server, bench, ports, warnings } = await figures();
  server.mood = 'denies';
  const reports = createOfferedWorkReports('one', ports);
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
  expect(server.points).toHaveLength(1);
  expect(warnings).toHaveLength(1);
});

it('where there is no answer, sweeps go on and no call waits behind another', async () => {
  const { server, bench, ports } = await figures();
  server.mood = 'is_silent';
  const reports = createOfferedWorkReports('one', ports);
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
  const reports = createOfferedWorkReports('one', ports);
  for (let round = 0; round < 3; round++) {
    await reports.report();
    bench.clock.advance(offeredWorkTiming.every);
  }
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('Cloud Monitoring did not take the offered work');
});

it('the stand-in refuses what the service refuses', async () => {
  const { metrics } = await figures();
  const at = (ms: number) => new Date(noon.getTime() + ms);
  await metrics.writeOfferedWork(1, at(0));
  await expect(metrics.writeOfferedWork(1, at(1_000))).rejects.toMatchObject({ name: 'RefusedError' });
  await expect(metrics.writeOfferedWork(1, at(-1_000))).rejects.toMatchObject({ name: 'RefusedError' });
  await metrics.writeOfferedWork(2, at(5_000));
});
