import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Background } from '@spillway/core/background.ts';
import { messageOf } from '@spillway/core/errors.ts';
import { parseConfig } from '@spillway/pipeline/config.ts';
import { createPorts, startJobEvents, startUploadEvents } from '@spillway/pipeline/create-ports.ts';
import { findDueUploads } from '@spillway/pipeline/find-lost-uploads.ts';
import { createHealth } from '@spillway/pipeline/health.ts';
import { startHealthServer } from '@spillway/pipeline/http/health-server.ts';
import { createMetricsPage } from '@spillway/pipeline/http/metrics-page.ts';
import { createJsonLog } from '@spillway/pipeline/json-log.ts';
import { logProcessFaults } from '@spillway/pipeline/log/process-faults.ts';
import type { AppPorts, Log, Ports } from '@spillway/pipeline/ports/ports.ts';
import { checkCredentials, checkNeeds } from '@spillway/pipeline/preflight.ts';
import { createRecentArrivals } from '@spillway/pipeline/recent-arrivals.ts';
import { startRollupFlush } from '@spillway/pipeline/rollups/flush.ts';
import { startSweeping } from '@spillway/pipeline/sweep-loop.ts';
import { startMetricsPush } from '@spillway/pipeline/telemetry/metrics-push.ts';
import { startTracing } from '@spillway/pipeline/telemetry/tracing.ts';
import { loadPlugins } from '@spillway/plugins/load.ts';
import { type RouterConfig, routerConfigSchema } from './config.ts';
import { routeEvent } from './route.ts';

const program = 'router';
/** How often uploads without jobs are looked for, in milliseconds. */
const searchEveryMs = 3_600_000;
/** For what is under way when the process is asked to end. Milliseconds. */
const graceMs = 4_000;

export interface Router extends Background {
  /** Where `GET /health` and `GET /metrics` are answered; null where they are not. */
  healthPort: number | null;
}

/**
 * What the functions do, in one process and without a request: uploads are routed as their events come out of the
 * embedded engine's queue, the sweep and the search for lost uploads follow timers.
 * @throws where it cannot work, with a sentence that says why.
 */
export async function startRouter(config: RouterConfig, log: Log): Promise<Router> {
  await loadPlugins(config.SPILLWAY_OPERATIONS);
  const health = createHealth(() => performance.now());
  const instance = randomUUID();
  const tracing = startTracing({ name: program, instance }, config, log);
  const ports = await createPorts(config, log, 'calls', tracing);
  await checkCredentials(ports);
  await checkNeeds('functions', ports);
  const pages = await startPages(config, health, ports);
  const { metrics: output, ownMetrics, timers } = ports;
  const metricsPush = startMetricsPush({
    output,
    metrics: ownMetrics,
    origin: { program, instance },
    timers,
  });

  const rollupFlush = startRollupFlush(program, ports, timers);

  const arrivals = createRecentArrivals();
  const events = await startUploadEvents(config, {
    atOnce: config.SPILLWAY_ROUTES_AT_ONCE,
    log,
    handle: ({ headers, body }) => routeEvent({ method: 'POST', url: '/', headers, body }, ports, arrivals),
  });
  const sweeping = startSweeping(`router-${instance}`, ports);
  const searching = startSearching(config, ports);
  const jobEvents = await startJobEvents(config, log);
  health.begin(() => ports.jobs.get('health'));
  return {
    healthPort: pages?.port ?? null,
    async stop() {
      await Promise.all([events.stop(), sweeping.stop(), searching.stop(), jobEvents?.stop(), pages?.stop()]);
      await Promise.all([metricsPush.stop(), rollupFlush.stop()]);
      await Promise.all([ports.close(), tracing.stop()]);
    },
  };
}

async function startPages(
  { SPILLWAY_HOST: host, SPILLWAY_HEALTH_PORT: port }: RouterConfig,
  health: ReturnType<typeof createHealth>,
  { ownMetrics, log }: AppPorts,
) {
  if (port === undefined) return null;
  const metrics = createMetricsPage(ownMetrics.read, 1_000);
  return startHealthServer({ host, port }, { health, metrics: () => metrics }, log);
}

/**
 * Looks for uploads without jobs: at the start, once what was under way then is old enough to count as lost, and every
 * hour. A search goes back to the last one that came to its end, also where the machine was off for weeks, or where the
 * database is one of long ago.
 */
function startSearching({ SPILLWAY_LOST_AFTER_MS: youngestMs }: RouterConfig, ports: Ports): Background {
  const stopping = new AbortController();
  const { signal } = stopping;
  const wait = (ms: number) => delay(ms, undefined, { signal, ref: false }).catch(() => {});
  const goesOn = () => !signal.aborted;

  async function searchNow(): Promise<void> {
    if (signal.aborted) return;
    try {
      await findDueUploads({ youngestMs, goesOn }, ports);
    } catch (error) {
      ports.log.warn({ error }, 'The search for lost uploads was cut off; the next one goes on.');
    }
  }

  async function run(): Promise<void> {
    await searchNow();
    await wait(youngestMs);
    while (!signal.aborted) {
      await searchNow();
      await wait(searchEveryMs);
    }
  }

  const running = run();
  return {
    stop() {
      stopping.abort();
      return running;
    },
  };
}

/** The program, until it is told to end. */
async function main(): Promise<void> {
  const config = parseConfig(routerConfigSchema, process.env);
  const log = createJsonLog(program, { project: config.SPILLWAY_PROJECT });
  logProcessFaults(log);
  const router = await startRouter(config, log);
  let ending = false;
  const end = async (why: string) => {
    if (ending) return;
    ending = true;
    log.info({ why }, 'The router ends.');
    // What is cut off comes again: no event is acknowledged before it is routed.
    setTimeout(() => process.exit(1), graceMs).unref();
    await router.stop();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(signal));
  process.on('disconnect', () => void end('The parent is gone.'));
  process.send?.({ ready: true });
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    createJsonLog(program).error({ error }, `The router cannot work and ends. ${messageOf(error)}`);
    process.exit(1);
  });
}
