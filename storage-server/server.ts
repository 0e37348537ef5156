import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startRecurring } from '@spillway/core/background.ts';
import { hardenServer } from '@spillway/pipeline/http/harden-server.ts';
import { createJsonLog } from '@spillway/pipeline/json-log.ts';
import { systemTimers } from '@spillway/pipeline/system-clock.ts';
import { fullDisk, type SpaceLimits } from './disk-space.ts';
import type { Durability } from './durability.ts';
import { jsonErrorBody, StorageError, xmlErrorBody } from './errors.ts';
import { type Exchange, isJsonApi, reply } from './exchange.ts';
import { cutAfter, type FaultChooser } from './faults.ts';
import { applyLifecycle } from './lifecycle.ts';
import { refuseWhatIsNotDone } from './not-done.ts';
import type { Notifier } from './notifier.ts';
import { Outbox } from './outbox.ts';
import { admit } from './page-access.ts';
import { toldTo } from './permissions.ts';
import { requestBody, unpackedBody } from './request-body.ts';
import { ResumableSessions } from './resumable-sessions.ts';
import type { RouteTable } from './route-table.ts';
import { allRoutes, unknownRoute } from './routes.ts';
import { Store } from './store.ts';

export interface StorageServerOptions {
  /** The data folder, created if absent. Only one server may use a folder at a time. */
  dataDir: string;
  /** 0, the default, lets the system choose. */
  port?: number;
  host?: string;
  /** By which names beside `host` and those of the loopback interface clients may ask for it. */
  names?: readonly string[];
  /** Answers on another port with TLS too, which some clients (gsutil) insist on. */
  tls?: TlsOptions;
  /**
   * Publishes a notification. If it rejects, the notification is tried again, also after a restart. Without this
   * function, notification configurations are stored and have no effect.
   */
  notify?: Notifier;
  /** Public keys (PEM) of accounts, by e-mail address: the signatures of their V4 addresses are checked. */
  signers?: Record<string, string>;
  /** Buckets in which clients lack `storage.objects.list`: what is missing there is answered 403. */
  withoutList?: string[];
  /** Milliseconds since 1970. */
  now?: () => number;
  /** Without them everything is taken until the disk is full. */
  limits?: SpaceLimits;
  /** What a change waits for before it is answered. Without it a power cut may take the last moments. */
  durability?: Durability;
  /** Chooses what goes wrong with a request, for tests of failures. */
  faults?: FaultChooser;
}

/** Key and certificate as PEM; port 0 lets the system choose. */
export interface TlsOptions {
  port: number;
  key: string;
  cert: string;
}

export interface StorageServer {
  url: string;
  port: number;
  /** The port that speaks TLS, where one was asked for. */
  tlsPort?: number;
  /** Removes what is kept no longer, as it does every ten minutes by itself. */
  removeExpired(): Promise<void>;
  close(): Promise<void>;
}

const publishingPatienceMs = 500;
const expiredRemovedEveryMs = 600_000;

const log = createJsonLog('storage');

/** Starts a Cloud Storage server on a data folder. Rejects if the port is taken or the folder cannot be used. */
export async function startStorageServer(options: StorageServerOptions): Promise<StorageServer> {
  const { dataDir, host = '127.0.0.1', names = [], port = 0, tls, notify, now = Date.now, faults } = options;
  const { limits, durability } = options;
  const withoutList = new Set(options.withoutList);
  const signers = new Map(Object.entries(options.signers ?? {}));
  const outbox = notify && new Outbox(notify);
  const store = await Store.open(dataDir, { now, outbox, limits, durability });
  const sessions = await ResumableSessions.open(join(dataDir, 'uploads'), store);
  const table = allRoutes();
  const answer = (req: IncomingMessage, res: ServerResponse) =>
    handle(newExchange(req, res, { store, sessions, withoutList, signers }), table, [host, ...names], faults);
  const server = createServer(answer);
  const tlsServer = tls && createTlsServer({ key: tls.key, cert: tls.cert }, answer);
  const bound = await listen(server, port, host);
  const tlsPort = tlsServer && (await listen(tlsServer, tls.port, host));
  const url = `http://${host}:${bound}`;
  store.publicUrl = url;
  store.resumeNotifications();
  let isClosed = false;
  async function removeExpired(): Promise<void> {
    await store.removeExpired();
    await sessions.removeExpired();
    await applyLifecycle(store, () => isClosed);
  }
  const cleaning = startRecurring({
    everyMs: expiredRemovedEveryMs,
    timers: systemTimers,
    round: removeExpired,
    onError: (error) => log.error({ error }, 'What is kept no longer was not removed.'),
  });
  return {
    url,
    port: bound,
    ...(tlsPort === undefined ? {} : { tlsPort }),
    removeExpired,
    async close() {
      isClosed = true;
      await cleaning.stop();
      await Promise.all([server, ...(tlsServer ? [tlsServer] : [])].map(end));
      await outbox?.close(publishingPatienceMs);
      store.close();
    },
  };
}

/** Resolves with the port, or rejects if it is taken. */
async function listen(server: Server, port: number, host: string): Promise<number> {
  hardenServer(server, log);
  // A long upload over a slow line is no reason to end it, nor is a client's pause between two requests.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  // It is one to end a connection on which nothing has moved for this long.
  server.setTimeout(600_000);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function end(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

function newExchange(
  req: IncomingMessage,
  res: ServerResponse,
  parts: Pick<Exchange, 'store' | 'sessions' | 'withoutList' | 'signers'>,
): Exchange {
  const [path = '/', ...search] = (req.url ?? '/').split('?');
  return {
    req,
    res,
    socket: req.socket,
    body: requestBody(req),
    ...parts,
    path,
    method: req.method ?? 'GET',
    query: new URLSearchParams(search.join('?')),
    params: {},
    replyHeaders: {},
    loseReply: false,
    baseUrl: `${'encrypted' in req.socket ? 'https' : 'http'}://${req.headers.host ?? 'localhost'}`,
  };
}

/** Handles one request from fault to answer. */
async function handle(
  x: Exchange,
  table: RouteTable,
  hosts: readonly string[],
  faults: FaultChooser | undefined,
): Promise<void> {
  try {
    const fault = faults?.({ method: x.method, path: x.path, query: x.query });
    if (fault === 'cut') return void x.socket.destroy();
    if (fault === 'lose-reply') x.loseReply = true;
    else if (fault && 'cutAfterBytes' in fault) cutAfter(x.req, fault.cutAfterBytes);
    admit(x, hosts);
    // In the XML API the header describes the object, whose bytes are stored as they come.
    if (isJsonApi(x)) x.body = unpackedBody(x.body, x.req.headers);
    if (fault && typeof fault === 'object' && 'status' in fault) {
      throw new StorageError(fault.status, 'backendError', 'InternalError', 'A fault that was asked for.');
    }
    if (x.method === 'OPTIONS') return reply(x, 200);
    const route = table.find(x.method, x.path);
    if (!route) unknownRoute(x);
    refuseWhatIsNotDone(x);
    x.params = route.params;
    await route.handler(x);
  } catch (error) {
    replyError(x, error);
  }
}

function replyError(x: Exchange, thrown: unknown): void {
  // A client that is gone gets no answer. An answer that has begun can only be cut off.
  if (x.socket.destroyed) return;
  if (x.res.headersSent) return void x.res.destroy();
  const error =
    thrown instanceof StorageError
      ? toldTo(x, thrown)
      : (fullDisk(thrown) ?? new StorageError(500, 'internalError', 'InternalError', 'Internal error.'));
  if (!(thrown instanceof StorageError)) {
    log.error({ error: thrown, method: x.method, path: x.path }, 'A request failed.');
  }
  const json = isJsonApi(x) || (error.reason === 'notFound' && error.xmlCode === 'InvalidURI');
  const type = json ? 'application/json; charset=UTF-8' : 'application/xml; charset=UTF-8';
  if (error.status === 304) reply(x, 304);
  else reply(x, error.status, { 'Content-Type': type }, json ? jsonErrorBody(error) : xmlErrorBody(error));
}
