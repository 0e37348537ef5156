import { randomUUID } from 'node:crypto';
import { http } from '@google-cloud/functions-framework';
import { messageOf } from '@spillway/core/errors.ts';
import { chooseCallerCheck } from '@spillway/pipeline/callers/choose-caller-check.ts';
import { parseConfig } from '@spillway/pipeline/config.ts';
import { createPorts } from '@spillway/pipeline/create-ports.ts';
import { createHealth } from '@spillway/pipeline/health.ts';
import { createMetricsPage } from '@spillway/pipeline/http/metrics-page.ts';
import { createJsonLog } from '@spillway/pipeline/json-log.ts';
import { logProcessFaults } from '@spillway/pipeline/log/process-faults.ts';
import type { AppPorts } from '@spillway/pipeline/ports/ports.ts';
import { checkCredentials, checkNeeds } from '@spillway/pipeline/preflight.ts';
import { startRollupFlush } from '@spillway/pipeline/rollups/flush.ts';
import { startMetricsPush } from '@spillway/pipeline/telemetry/metrics-push.ts';
import { requestFlushMs, startTracing } from '@spillway/pipeline/telemetry/tracing.ts';
import { loadPlugins } from '@spillway/plugins/load.ts';
import { beforeAnswer } from './before-answer.ts';
import { forCallers } from './callers.ts';
import { functionsConfigSchema } from './config.ts';
import { withFailures } from './failures.ts';
import type { FunctionHandler } from './handler.ts';
import { withHealth } from './health.ts';
import { withMetrics } from './metrics.ts';
import { createRouteFunction } from './route.ts';
import { createFindLostFunction, createSweepFunction } from './sweep.ts';
import { serveWithoutDomains } from './without-domains.ts';

const program = 'functions';
const unnamedLog = createJsonLog(program);
try {
  await register();
} catch (error) {
  unnamedLog.error({ error }, `The functions cannot work and end. ${messageOf(error)}`);
  process.exit(1);
}

/** Registers the functions. The framework, or the platform, chooses by name which one a process serves. */
async function register(): Promise<void> {
  const config = parseConfig(functionsConfigSchema, process.env);
  const log = createJsonLog(program, { project: config.SPILLWAY_PROJECT });
  logProcessFaults(log);
  serveWithoutDomains();
  await loadPlugins(config.SPILLWAY_OPERATIONS);
  const check = await chooseCallerCheck(config, log);
  const ports = await createPorts(config, log, 'calls');
  await checkCredentials(ports);
  const health = createHealth(() => performance.now());
  health.begin(() => ports.jobs.get('health'));

  const page = createMetricsPage(ports.ownMetrics.read, 1_000);
  const instance = randomUUID();
  const origin = { program: config.FUNCTION_TARGET, instance };
  const { metrics: output, ownMetrics } = ports;
  const push = startMetricsPush({ output, metrics: ownMetrics, origin, timers: null });
  const rollupFlush = startRollupFlush(config.FUNCTION_TARGET, ports, null);

  /** Each function answers for its health to everybody, and does its work for those who may call it. */
  const serve = (name: string, create: (ports: AppPorts) => FunctionHandler) => {
    const tracing = startTracing({ name, instance }, config, log);
    const called = forCallers(check, withMetrics(create({ ...ports, tracing }), page));
    const handler = withFailures(withHealth(called, health), log);
    http(
      name,
      beforeAnswer(handler, () =>
        Promise.all([push.whenDue(), rollupFlush.whenDue(), tracing.flush(requestFlushMs)]),
      ),
    );
  };
  serve('route', createRouteFunction);
  // The same for the site's own uploads, which never stand behind those of integrators.
  serve('route-web', createRouteFunction);
  serve('sweep', (each) => createSweepFunction(each, config.SPILLWAY_SWEEP_FOR_MS));
  serve('find-lost', (each) =>
    createFindLostFunction(each, config.SPILLWAY_LOST_AFTER_MS, config.SPILLWAY_SEARCH_FOR_MS),
  );

  // The first calls open connections and load code, which would cost the first event time. Their results are not used.
  const warmUp = Promise.allSettled([
    ports.settings.routing(),
    ports.settings.sourceRules(),
    ports.recent.workers(),
    ports.recent.routerState(),
  ]);
  await checkNeeds('functions', ports);
  await warmUp;
}
