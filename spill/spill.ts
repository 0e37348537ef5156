import { messageOf } from '@spillway/core/errors.ts';
import { parseConfig } from '@spillway/pipeline/config.ts';
import { ConfigError } from '@spillway/pipeline/config-error.ts';
import { createPorts } from '@spillway/pipeline/create-ports.ts';
import { startHealthServer } from '@spillway/pipeline/http/health-server.ts';
import { createMetricsPage } from '@spillway/pipeline/http/metrics-page.ts';
import { createJsonLog } from '@spillway/pipeline/json-log.ts';
import { logProcessFaults } from '@spillway/pipeline/log/process-faults.ts';
import { startRollupFlush } from '@spillway/pipeline/rollups/flush.ts';
import { startMetricsPush } from '@spillway/pipeline/telemetry/metrics-push.ts';
import { startTracing } from '@spillway/pipeline/telemetry/tracing.ts';
import { identifyWorker } from '@spillway/worker/identity.ts';
import { askedToEnd } from '@spillway/worker/lifetime.ts';
import { startPulling } from '@spillway/worker/pull-loop.ts';
import { workDirOf } from '@spillway/worker/work-dir.ts';
import { workerHealth } from '@spillway/worker/worker-health.ts';
import { type SpillConfig, spillConfigSchema } from './config.ts';
import { createGate } from './gate.ts';
import { chooseTokens } from './identity-tokens.ts';
import { keepInstances } from './instances.ts';
import { followPlaces, readPlaces } from './places.ts';
import { createRemote, usualLimits } from './remote.ts';
import { createWork } from './work.ts';

const program = 'spill';
/** Cloud Run may have hundreds of places. When a pull has brought a message, the next one waits. */
const pullsAtOnce = 4;

/**
 * The worker of Cloud Run's jobs where Cloud Run knows no database: it claims them here, sends their pictures there, and
 * stores and records the results. Resolves when it was asked to end and has ended; rejects when it cannot work.
 */
async function runSpill(environment: NodeJS.ProcessEnv): Promise<void> {
  const config = parseConfig(spillConfigSchema, environment);
  const url = addressOf(config);
  const end = askedToEnd(createJsonLog(program), config.SPILLWAY_DRAIN_MS);
  const { id } = await identifyWorker(config);
  const log = createJsonLog(`${program} ${id}`, { project: config.SPILLWAY_PROJECT });
  logProcessFaults(log);
  const tokens = await chooseTokens(url, config, log);
  const tracing = startTracing({ name: program, instance: id }, config, log);
  const ports = await createPorts(config, log, 'calls', tracing);
  const workDir = workDirOf(config.SPILLWAY_WORK_DIR, id);
  await workDir.prepare();

  const remote = createRemote(url, tokens, usualLimits(config.SPILLWAY_TIME_LIMIT_MS));
  const instances = keepInstances(config.SPILLWAY_HEARTBEAT_MS, ports);
  const work = createWork({
    worker: id,
    places: await readPlaces(ports),
    folder: workDir.path,
    claimMs: config.SPILLWAY_CLAIM_MS,
    maxAttempts: config.SPILLWAY_MAX_ATTEMPTS,
    ports,
    remote,
    gate: {
      answered: () => gate.answered(),
      failed: (why) => gate.failed(why),
    },
    instances,
  });
  const { flights, giveBackWaiting } = work;
  const pulling = startPulling('run', { flights, ports, work: work.work, giveBackWaiting }, pullsAtOnce);
  const gate = createGate(pulling, remote.ask, log);
  const places = followPlaces(pulling, ports);

  const health = workerHealth();
  health.begin(() => ports.jobs.get('health'));
  const metrics = createMetricsPage(ports.ownMetrics.read, 1_000);
  const { SPILLWAY_HOST: host, SPILLWAY_HEALTH_PORT: port } = config;
  const pages = { health, metrics: () => metrics };
  const healthServer = port === undefined ? null : await startHealthServer({ host, port }, pages, log);
  const origin = { program, instance: id };
  const metricsPush = startMetricsPush({
    output: ports.metrics,
    metrics: ports.ownMetrics,
    origin,
    timers: ports.timers,
  });
  const rollupFlush = startRollupFlush(program, ports, ports.timers);
  process.send?.({ ready: true });
  // A wrong address, or an account without the right, is said now and not with the first job.
  remote.ask().then(
    () => log.info({ url }, 'Cloud Run takes pictures.'),
    (error: unknown) => gate.failed(error),
  );

  await end;
  const grace = setTimeout(work.giveBack, config.SPILLWAY_DRAIN_MS);
  await Promise.all([places.stop(), gate.stop(), pulling.stop(), work.idle()]);
  clearTimeout(grace);
  await Promise.all([instances.runNow(), metricsPush.stop(), rollupFlush.stop()]);
  await instances.stop();
  await healthServer?.stop();
  remote.close();
  await workDir.remove();
  await Promise.all([ports.close(), tracing.stop()]);
}

function addressOf({ SPILLWAY_RUN_URL: url, SPILLWAY_ENGINE: engine }: SpillConfig): string {
  if (url === undefined || url === 'none') {
    throw new ConfigError(
      'SPILLWAY_RUN_URL says where no pictures are sent to. Set it to the address of the service.',
    );
  }
  if (engine !== 'embedded') {
    throw new ConfigError(
      'SPILLWAY_ENGINE is google, where Pub/Sub pushes jobs to Cloud Run. Pictures are sent there from the engine embedded.',
    );
  }
  return url;
}

/** Runs it as the only program of this process. Never resolves: the process ends with it. */
export async function serveAsSpill(environment: NodeJS.ProcessEnv): Promise<never> {
  try {
    await runSpill(environment);
    process.exit(0);
  } catch (error) {
    createJsonLog(program).error(
      { error },
      `Nothing can be sent to Cloud Run, and this program ends. ${messageOf(error)}`,
    );
    process.exit(1);
  }
}
