import { messageOf } from '@spillway/core/errors.ts';
import { parseConfig } from '@spillway/pipeline/config.ts';
import { startHealthServer } from '@spillway/pipeline/http/health-server.ts';
import { createMetricsPage, type MetricsPage } from '@spillway/pipeline/http/metrics-page.ts';
import { createJsonLog } from '@spillway/pipeline/json-log.ts';
import { logProcessFaults } from '@spillway/pipeline/log/process-faults.ts';
import { startRollupFlush } from '@spillway/pipeline/rollups/flush.ts';
import { startSweeping } from '@spillway/pipeline/sweep-loop.ts';
import { startMetricsPush } from '@spillway/pipeline/telemetry/metrics-push.ts';
import { identifyWorker } from '@spillway/worker/identity.ts';
import { askedToEnd } from '@spillway/worker/lifetime.ts';
import { startPulling } from '@spillway/worker/pull-loop.ts';
import { startWorker } from '@spillway/worker/worker.ts';
import { workerHealth } from '@spillway/worker/worker-health.ts';
import { vmConfigSchema } from './config.ts';
import { type Duty, startDuty } from './duty.ts';

const program = 'vm-worker';

/**
 * A VM worker: pulls jobs while it has free slots, until it is asked to leave. Resolves when it has left; rejects when it
 * cannot work.
 */
async function runVmWorker(environment: NodeJS.ProcessEnv): Promise<void> {
  const config = parseConfig(vmConfigSchema, environment);
  const end = askedToEnd(createJsonLog(program), config.SPILLWAY_DRAIN_MS);
  const { id } = await identifyWorker(config);
  const log = createJsonLog(`${program} ${id}`, { project: config.SPILLWAY_PROJECT });
  logProcessFaults(log);
  const health = workerHealth();
  const { SPILLWAY_HOST: host, SPILLWAY_HEALTH_PORT: port } = config;
  let metrics: MetricsPage | null = null;
  const pages = { health, metrics: () => metrics };
  const healthServer = port === undefined ? null : await startHealthServer({ host, port }, pages, log);
  let duty: Duty | null = null;
  const worker = await startWorker('vm', id, config, log, {
    onControl: (control) => duty?.onControl(control),
    onOutcome: (outcome, ms) => duty?.guard.observe(outcome, ms),
  });
  const { metrics: output, ownMetrics, timers } = worker.ports;
  metrics = createMetricsPage(ownMetrics.read, 1_000);
  const origin = { program, instance: id };
  const metricsPush = startMetricsPush({ output, metrics: ownMetrics, origin, timers });
  const rollupFlush = startRollupFlush(program, worker.ports, timers);
  const pulling = startPulling('vm', worker);
  duty = startDuty(worker, pulling, config.SPILLWAY_DRAIN_MS, log);
  const sweeping = startSweeping(worker.id, worker.ports);
  if (worker.lackAtStart) duty.guard.onLack(worker.lackAtStart, 0);
  else await worker.setState('ready');
  health.begin(() => worker.ports.jobs.get('health'));
  process.send?.({ ready: true });

  await end;
  const leaving = duty;
  duty = null;
  leaving.stop();
  const grace = setTimeout(worker.giveBack, config.SPILLWAY_DRAIN_MS);
  // No slot begins anything new from here on. The last pulls end while the work under way does.
  await Promise.all([pulling.stop(), worker.setState('draining'), worker.idle()]);
  clearTimeout(grace);
  await Promise.all([sweeping.stop(), metricsPush.stop(), rollupFlush.stop()]);
  await healthServer?.stop();
  await worker.close();
}

/** Runs a VM worker as the only program of this process. Never resolves: the process ends with the worker. */
export async function serveAsVmWorker(environment: NodeJS.ProcessEnv): Promise<never> {
  try {
    await runVmWorker(environment);
    process.exit(0);
  } catch (error) {
    // One line, because Cloud Logging shows each line as an entry of its own.
    createJsonLog(program).error({ error }, `This VM worker cannot work and ends. ${messageOf(error)}`);
    process.exit(1);
  }
}
