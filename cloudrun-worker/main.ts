import { once } from 'node:events';
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { messageOf } from '@spillway/core/errors.ts';
import { chooseCallerCheck } from '@spillway/pipeline/callers/choose-caller-check.ts';
import { parseConfig } from '@spillway/pipeline/config.ts';
import { hardenServer } from '@spillway/pipeline/http/harden-server.ts';
import { createMetricsPage } from '@spillway/pipeline/http/metrics-page.ts';
import { createJsonLog } from '@spillway/pipeline/json-log.ts';
import { logProcessFaults } from '@spillway/pipeline/log/process-faults.ts';
import { startMetricsPush } from '@spillway/pipeline/telemetry/metrics-push.ts';
import { workerHealth } from '@spillway/worker/health-server.ts';
import { identifyWorker } from '@spillway/worker/identity.ts';
import { askedToEnd } from '@spillway/worker/lifetime.ts';
import { startWorker } from '@spillway/worker/worker.ts';
import { createPushApp } from './app.ts';
import { checkSlots } from './check-slots.ts';
import { runConfigSchema } from './config.ts';
import { createFitness } from './fitness.ts';

/** A Cloud Run instance: executes the jobs that Pub/Sub pushes to it. */
const program = 'cloudrun-worker';
const unnamedLog = createJsonLog(program);

try {
  await run();
  process.exit(0);
} catch (error) {
  // One line, because Cloud Logging shows each line as an entry of its own.
  unnamedLog.error({ error }, `This instance cannot work and ends. ${messageOf(error)}`);
  process.exit(1);
}

/** Resolves when the instance was asked to end and has ended; rejects when it cannot work. */
async function run(): Promise<void> {
  const config = parseConfig(runConfigSchema, process.env);
  const end = askedToEnd(unnamedLog, config.SPILLWAY_DRAIN_MS);
  const { id } = await identifyWorker(config);
  const log = createJsonLog(`${program} ${id}`, { project: config.SPILLWAY_PROJECT });
  logProcessFaults(log);
  const check = await chooseCallerCheck(config, log);
  const worker = await startWorker('run', id, config, log, {
    onOutcome: (outcome) => fitness.observe(outcome),
  });
  await checkSlots(worker);
  const fitness = createFitness(worker, log);
  const health = workerHealth();
  health.begin(() => worker.ports.jobs.get('health'));
  const { tracing } = worker;
  const { consumer, metrics: output, ownMetrics } = worker.ports;
  const metrics = createMetricsPage(ownMetrics.read, 1_000);
  const origin = { program, instance: id };
  const metricsPush = startMetricsPush({ output, metrics: ownMetrics, origin, timers: null });
  const pages = { check, health, metrics, metricsPush, tracing, log };
  const app = createPushApp(fitness.work, consumer, pages);
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  hardenServer(server, log);
  // A timeout in wall time has passed when the instance gets time again, and would cut off the request that it comes with.
  server.keepAliveTimeout = 0;
  // Only now: that it listens tells Cloud Run that it is ready.
  server.listen(config.PORT, config.SPILLWAY_HOST);
  // This rejects where the port is taken.
  await once(server, 'listening');
  await worker.setState('ready');

  const fault = await Promise.race([end.then(() => null), fitness.lost]);
  await worker.setState('draining', fault ? [fault.lack] : []);
  const closed = new Promise((resolve) => server.close(resolve));
  const grace = setTimeout(worker.giveBack, config.SPILLWAY_DRAIN_MS);
  await worker.idle();
  clearTimeout(grace);
  await metricsPush.stop();
  // Pub/Sub keeps connections open for its next requests.
  server.closeAllConnections();
  await closed;
  await worker.close();
  if (fault) throw fault;
}
