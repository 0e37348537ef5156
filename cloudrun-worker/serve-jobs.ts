import { chooseCallerCheck } from '@spillway/pipeline/callers/choose-caller-check.ts';
import { parseConfig } from '@spillway/pipeline/config.ts';
import { createMetricsPage } from '@spillway/pipeline/http/metrics-page.ts';
import { createJsonLog } from '@spillway/pipeline/json-log.ts';
import { logProcessFaults } from '@spillway/pipeline/log/process-faults.ts';
import { startRollupFlush } from '@spillway/pipeline/rollups/flush.ts';
import { startMetricsPush } from '@spillway/pipeline/telemetry/metrics-push.ts';
import { identifyWorker } from '@spillway/worker/identity.ts';
import { askedToEnd } from '@spillway/worker/lifetime.ts';
import { startWorker } from '@spillway/worker/worker.ts';
import { workerHealth } from '@spillway/worker/worker-health.ts';
import { createPushApp } from './app.ts';
import { checkSlots } from './check-slots.ts';
import { concurrencyOf, runConfigSchema } from './config.ts';
import { createFitness } from './fitness.ts';
import { listen } from './listen.ts';

/**
 * Executes the jobs that Pub/Sub pushes. Resolves when the instance was asked to end and has ended; rejects when it cannot
 * work.
 */
export async function serveJobs(program: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const config = parseConfig(runConfigSchema, environment);
  const end = askedToEnd(createJsonLog(program), config.SPILLWAY_DRAIN_MS);
  const concurrency = concurrencyOf(config);
  const { id } = await identifyWorker(config);
  const log = createJsonLog(`${program} ${id}`, { project: config.SPILLWAY_PROJECT });
  logProcessFaults(log);
  const check = await chooseCallerCheck(config, log);
  const worker = await startWorker('run', id, config, log, {
    onOutcome: (outcome) => fitness.observe(outcome),
  });
  await checkSlots(worker, concurrency);
  const fitness = createFitness(worker, concurrency, log);
  const health = workerHealth();
  health.begin(() => worker.ports.jobs.get('health'));
  const { tracing } = worker;
  const { consumer, metrics: output, ownMetrics } = worker.ports;
  const metrics = createMetricsPage(ownMetrics.read, 1_000);
  const origin = { program, instance: id };
  const metricsPush = startMetricsPush({ output, metrics: ownMetrics, origin, timers: null });
  const rollupFlush = startRollupFlush('cloudrun-worker', worker.ports, null);
  const pages = { check, health, metrics, metricsPush, rollupFlush, tracing, log };
  const server = await listen(createPushApp(fitness.work, consumer, pages), config, log);
  await worker.setState('ready');
  const fault = await Promise.race([end.then(() => null), fitness.lost]);
  // Others can begin at once what waits here for a slot.
  worker.giveBackWaiting();
  await worker.setState('draining', fault ? [fault.lack] : []);
  const closed = server.close();
  const grace = setTimeout(worker.giveBack, config.SPILLWAY_DRAIN_MS);
  await worker.idle();
  clearTimeout(grace);
  await Promise.all([metricsPush.stop(), rollupFlush.stop()]);
  server.hangUp();
  await closed;
  await worker.close();
  if (fault) throw fault;
}
