import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { hardenServer } from '@spillway/pipeline/http/harden-server.ts';
import { createJsonLog } from '@spillway/pipeline/json-log.ts';
import { jsonErrorBody, StorageError, xmlErrorBody } from './errors.ts';
import { type Exchange, isJsonApi, reply } from './exchange.ts';
import { cutAfter, type FaultChooser } from './faults.ts';
import { Outbox } from './outbox.ts';
import { admit } from './page-access.ts';
import type { Notifier } from './pubsub-notifier.ts';
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
  /**
   * Publishes a notification. If it rejects, the notification is tried again, also after a restart. Without this
   * function, notification configurations are stored and have no effect.
   */
  notify?: Notifier;
  /** Milliseconds since 1970. */
  now?: () => number;
  /** Chooses what goes wrong with a request, for tests of failures. */
  faults?: FaultChooser;
}

export interface StorageServer {
  url: string;
  port: number;
  close(): Promise<void>;
}

const publishingPatienceMs = 500;

/** Starts a Cloud Storage server on a data folder. Rejects if the port is taken or the folder cannot be used. */
export async function startStorageServer(options: StorageServerOptions): Promise<StorageServer> {
  const { dataDir, host = '127.0.0.1', port = 0, notify, now = Date.now, faults } = options;
  const outbox = notify && new Outbox(notify);
  const store = await Store.open(dataDir, now, outbox);
  const sessions = await ResumableSessions.open(join(dataDir, 'uploads'), store);
  const table = allRoutes();
  const server = createServer((req, res) =>
    handle(newExchange(req, res, store, sessions), table, [host], faults),
  );
  hardenServer(server, createJsonLog('storage'));
  // A long upload over a slow line is no reason to end it, nor is a client's pause between two requests.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  // It is one to end a connection on which nothing has moved for this long.
  server.setTimeout(600_000);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  const url = `http://${host}:${bound}`;
  store.publicUrl = url;
  store.resumeNotifications();
  return {
    url,
    port: bound,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await outbox?.close(publishingPatienceMs);
    },
  };
}

function newExchange(
  req: IncomingMessage,
  res: ServerResponse,
  store: Store,
  sessions: ResumableSessions,
): Exchange {
  const [path = '/', ...search] = (req.url ?? '/').split('?');
  return {
    req,
    res,
    socket: req.socket,
    body: { [Symbol.asyncIterator]: () => req.iterator({ destroyOnReturn: false }) },
    store,
    sessions,
    path,
    method: req.method ?? 'GET',
    query: new URLSearchParams(search.join('?')),
    params: {},
    replyHeaders: {},
    loseReply: false,
    baseUrl: `http://${req.headers.host ?? 'localhost'}`,
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
    if (fault && typeof fault === 'object' && 'status' in fault) {
      throw new StorageError(fault.status, 'backendError', 'InternalError', 'A fault that was asked for.');
    }
    if (x.method === 'OPTIONS') return reply(x, 200);
    const route = table.find(x.method, x.path);
    if (!route) unknownRoute(x);
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
      ? thrown
      : new StorageError(500, 'internalError', 'InternalError', 'Internal error.');
  if (error !== thrown) console.error(`${x.method} ${x.path} failed:`, thrown);
  const json = isJsonApi(x) || (error.reason === 'notFound' && error.xmlCode === 'InvalidURI');
  const type = json ? 'application/json; charset=UTF-8' : 'application/xml; charset=UTF-8';
  if (error.status === 304) reply(x, 304);
  else reply(x, error.status, { 'Content-Type': type }, json ? jsonErrorBody(error) : xmlErrorBody(error));
}
