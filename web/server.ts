import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { getRequestListener } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import { messageOf } from '@spillway/core/errors.ts';
import { createPorts } from '@spillway/pipeline/create-ports.ts';
import { requireRemovalAtOnce } from '@spillway/pipeline/deletion.ts';
import { createHealth, statusCodeOf } from '@spillway/pipeline/health.ts';
import { hardenServer } from '@spillway/pipeline/http/harden-server.ts';
import { createMetricsPage } from '@spillway/pipeline/http/metrics-page.ts';
import { isForThisMachine } from '@spillway/pipeline/http/page-requests.ts';
import { createJsonLog } from '@spillway/pipeline/json-log.ts';
import { logProcessFaults } from '@spillway/pipeline/log/process-faults.ts';
import { withParts } from '@spillway/pipeline/parts-file.ts';
import type { AppPorts, Ports } from '@spillway/pipeline/ports/ports.ts';
import { checkCredentials, checkNeeds } from '@spillway/pipeline/preflight.ts';
import { type RollupFlush, startRollupFlush } from '@spillway/pipeline/rollups/flush.ts';
import { readAllMetrics } from '@spillway/pipeline/system-gauges.ts';
import { type MetricsPush, startMetricsPush } from '@spillway/pipeline/telemetry/metrics-push.ts';
import { type ProcessTracing, requestFlushMs, startTracing } from '@spillway/pipeline/telemetry/tracing.ts';
import { loadPlugins } from '@spillway/plugins/load.ts';
import { type Context, Hono } from 'hono';
import { createAdmins } from './api/admins.ts';
import { createApi } from './api/app.ts';
import { clientNetwork } from './api/client-address.ts';
import { createKeyring } from './api/keyring.ts';
import { createVisitorLimits } from './api/limits.ts';
import { createLiveDashboard } from './api/live-dashboard.ts';
import { createLiveJobs } from './api/live-jobs.ts';
import { createOperationOffers } from './api/offers.ts';
import { problemResponse, unreadableRequest } from './api/problems.ts';
import { createSessions } from './api/sessions.ts';
import { createShareDoor } from './api/share-door.ts';
import { createStreamPlaces } from './api/stream-places.ts';
import { readWebConfig, type WebConfig } from './config.ts';
import { loadStaticSite, type StaticSite } from './static-site.ts';
import { createUploadSessions, uploadSessionPath } from './upload-sessions.ts';

const program = 'web';
/** Time for requests under way when the server ends. The launcher waits for 10 s. Milliseconds. */
const graceMs = 4_000;
const portsGraceMs = 300;
/** One reading of the system serves everybody who asks for `/metrics` within this time. Milliseconds. */
const metricsServeMs = 10_000;
/** Time in which headers, and a whole request, must arrive. Bodies have a few kilobytes at most. Milliseconds. */
const patience = { headersTimeout: 15_000, requestTimeout: 30_000 };

export interface SiteOptions {
  ports: Ports & Pick<AppPorts, 'ownMetrics' | 'deadLetters' | 'consumer'>;
  /** Told of each request that may have changed something, before its answer. Without it no metrics are sent. */
  metricsPush?: Pick<MetricsPush, 'whenDue'>;
  rollupFlush?: Pick<RollupFlush, 'whenDue'>;
  site: StaticSite;
  version: string;
  /** The same, for the spans of that request. */
  tracing?: Pick<ProcessTracing, 'flush'>;
  config: Pick<
    WebConfig,
    | 'PORT'
    | 'host'
    | 'SPILLWAY_SESSION_SECRET'
    | 'SPILLWAY_SITE_PAGES'
    | 'SPILLWAY_STORAGE_FORWARD'
    | 'SPILLWAY_PARTS_FILE'
    | 'adminAccess'
    | 'publicOrigin'
    | 'trustedProxies'
    | 'traces'
    | 'logs'
  >;
}

export interface RunningSite {
  url: string;
  /** Open event streams, and watches of the database behind them. */
  readonly streams: number;
  readonly watches: number;
  /** Takes no more requests, ends event streams, and waits a little for the rest. */
  close(): Promise<void>;
}

/** Serves pages and API over HTTP. */
export async function startSite({
  ports,
  metricsPush,
  rollupFlush,
  tracing,
  site,
  version,
  config,
}: SiteOptions): Promise<RunningSite> {
  const { clock, log } = ports;
  const { SPILLWAY_SESSION_SECRET: secret, SPILLWAY_SITE_PAGES: sitePages } = config;
  const sessions = createSessions({ secret, publicOrigin: config.publicOrigin, clock });
  const { SPILLWAY_STORAGE_FORWARD: storage } = config;
  const uploadSessions =
    storage === undefined
      ? null
      : createUploadSessions({ storage, bucket: ports.buckets.webUploads, secret, sessions });
  const liveJobs = createLiveJobs(ports, ports.log);
  const liveDashboard = createLiveDashboard(ports);
  const streams = createStreamPlaces();
  const limits = createVisitorLimits(ports.clock);
  const networkOf = (c: Context) => {
    const remoteAddress = getConnInfo(c).remote.address;
    return clientNetwork(
      { remoteAddress, forwardedFor: c.req.header('x-forwarded-for') },
      config.trustedProxies,
    );
  };
  const api = createApi({
    ports,
    letters: ports,
    sessions,
    admins: createAdmins({ access: config.adminAccess, secret, clock, log, sessions }),
    pages: sitePages,
    keyring: createKeyring(ports, limits),
    liveJobs,
    liveDashboard,
    offers: createOperationOffers(ports),
    streams,
    metrics: createMetricsPage(() => readAllMetrics(ports), metricsServeMs),
    limits,
    shareDoor: createShareDoor({ ports, limits, sessions, secret, networkOf }),
    traces: config.traces,
    logs: config.logs,
    ...(uploadSessions ? { sessionAddress: uploadSessions.addressOf } : {}),
    networkOf,
    version,
  });

  const health = createHealth(() => performance.now());
  health.begin(() => ports.jobs.get('health'));
  const app = new Hono();
  app.onError((error, c) => problemResponse(error, c, ports.log));
  app.use(async (c, next) => {
    await next();
    // A route that serves files of strangers sets stricter headers itself.
    for (const [name, value] of Object.entries(securityHeaders)) {
      if (!c.res.headers.has(name)) c.header(name, value);
    }
  });
  app.use(async (c, next) => {
    await next();
    // Reads tell nothing, and nobody who reads waits for it.
    if (c.req.method === 'GET' || c.req.method === 'HEAD') return;
    // Nobody waits for it: a visitor's page keeps an event stream open, so the instance has processor time.
    void tracing?.flush(requestFlushMs);
    await Promise.all([metricsPush?.whenDue(), rollupFlush?.whenDue()]);
  });
  if (isForThisMachineAlone(config)) {
    app.use(async (c, next) => {
      if (!isForThisMachine(c.req.header('host'))) return c.text(foreignName, 403);
      return next();
    });
  }
  app.get('/health', async (c) => {
    const report = await withParts(await health.report(), config.SPILLWAY_PARTS_FILE);
    return c.json(report, statusCodeOf(report), { 'Cache-Control': 'no-store' });
  });
  app.all('/api/*', (c) => api.fetch(c.req.raw, c.env));
  app.all('/admin/*', (c) => api.fetch(c.req.raw, c.env));
  app.all('/metrics', (c) => api.fetch(c.req.raw, c.env));
  if (uploadSessions) app.route('/', uploadSessions.routes());
  // Only visitors have pictures of their own.
  const onPage = sitePages === 'admin' ? () => {} : (c: Context) => void sessions.visitor(c);
  app.get('*', (c) => site.respond(c, () => onPage(c)));
  app.all('*', (c) => c.text('Pages are only read.', 405, { Allow: 'GET, HEAD' }));

  const server = createServer(
    // Pictures of hundreds of megabytes come over slow lines. Everything else keeps its limit.
    uploadSessions ? { ...patience, requestTimeout: 0 } : patience,
    getRequestListener(app.fetch, { errorHandler: (error) => unreadableRequest(error, ports.log) }),
  );
  if (uploadSessions) server.on('request', (incoming) => limitTime(incoming, server));
  hardenServer(server, ports.log);
  const url = await listen(server, config.PORT, config.host);
  return {
    url,
    get streams() {
      return streams.open;
    },
    get watches() {
      return liveJobs.watches;
    },
    close: () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      streams.closeAll();
      // Connections without a request would be kept open for the next one.
      const idle = setInterval(() => server.closeIdleConnections(), 50);
      const late = setTimeout(() => server.closeAllConnections(), graceMs);
      return closed.finally(() => {
        clearInterval(idle);
        clearTimeout(late);
      });
    },
  };
}

const foreignName =
  'This site answers to names of its own machine only, such as localhost. If a proxy is in front of it, set SPILLWAY_PUBLIC_URL (--public-url).';

/**
 * Whether nobody is meant to reach the site but who sits at the machine. A page of another site could point its own name
 * there, and act as a visitor (DNS rebinding).
 */
function isForThisMachineAlone({ host, publicOrigin, trustedProxies }: SiteOptions['config']): boolean {
  const isLoopback = host === 'localhost' || host === '::1' || host.startsWith('127.');
  return isLoopback && publicOrigin === null && trustedProxies === 0;
}

/** What Node does by itself where no request may take its time. */
function limitTime(incoming: IncomingMessage, server: Server): void {
  if (incoming.url?.startsWith(`${uploadSessionPath}?`)) return;
  const late = Object.assign(new Error('The request took too long.'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
  const timer = setTimeout(() => {
    // An event stream is under way for hours, and its request was whole at once.
    if (!incoming.complete) server.emit('clientError', late, incoming.socket);
  }, patience.requestTimeout);
  incoming.once('close', () => clearTimeout(timer));
}

const securityHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'X-Frame-Options': 'DENY',
};

function listen(server: Server, port: number, host: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  server.once('error', reject);
  server.listen(port, host, () => {
    const address = server.address();
    const actual = address !== null && typeof address === 'object' ? address.port : port;
    // Browsers cannot open the address that means all interfaces.
    const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
    resolve(`http://${name}:${actual}`);
  });
  return promise;
}

/** The program: the site against Google Cloud or its emulators, until it is told to end. */
async function main(): Promise<void> {
  const config = readWebConfig();
  const log = createJsonLog(program, {
    project: config.SPILLWAY_PROJECT,
    secrets: [config.SPILLWAY_SESSION_SECRET, config.SPILLWAY_ADMIN_TOKEN],
  });
  logProcessFaults(log);
  await loadPlugins(config.SPILLWAY_OPERATIONS);
  const { storageOrigin, SPILLWAY_SITE_PAGES: pages } = config;
  const site = await loadStaticSite(fileURLToPath(new URL('dist', import.meta.url)), storageOrigin, pages);
  const origin = { program: 'site', instance: randomUUID() };
  const tracing = startTracing({ name: origin.program, instance: origin.instance }, config, log);
  const ports = await createPorts(config, log, 'streams', tracing);
  await checkCredentials(ports);
  await checkNeeds('site', ports);
  if (config.SPILLWAY_DELETION === 'at_once') await requireRemovalAtOnce(ports);
  const { metrics: output, ownMetrics } = ports;
  const metricsPush = startMetricsPush({ output, metrics: ownMetrics, origin, timers: null });
  const version = await readVersion();
  const rollupFlush = startRollupFlush(program, ports, ports.timers);
  const running = await startSite({ ports, metricsPush, rollupFlush, tracing, site, config, version });
  log.info({ url: running.url }, 'The site is up.');

  let ending = false;
  const end = async (why: string) => {
    if (ending) return;
    ending = true;
    log.info({ why }, 'The site ends.');
    // The process must end even if a connection stays open; the launcher would have to kill it.
    setTimeout(() => process.exit(1), graceMs + 800).unref();
    await Promise.all([running.close(), metricsPush.stop(), rollupFlush.stop()]);
    // Calls that still wait for the database are cut off: no request waits for them any more.
    await Promise.race([Promise.all([ports.close(), tracing.stop()]), wait(portsGraceMs)]);
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(signal));
  process.on('disconnect', () => void end('The parent is gone.'));
  process.send?.({ ready: true, url: running.url });
}

async function readVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(new URL('package.json', import.meta.url), 'utf8'));
  const named = manifest !== null && typeof manifest === 'object' && 'version' in manifest;
  return named ? String(manifest.version) : 'unknown';
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    createJsonLog(program).error({ error }, `The site cannot work and ends. ${messageOf(error)}`);
    process.exit(1);
  });
}
