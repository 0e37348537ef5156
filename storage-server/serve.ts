import { readFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { isForThisMachine } from '@spillway/pipeline/http/page-requests.ts';
import { z } from 'zod';
import { durableIn } from './durability.ts';
import { StorageFolderError } from './folder-check.ts';
import type { NotificationTarget } from './notifier.ts';
import {
  type StorageServer,
  type StorageServerOptions,
  startStorageServer,
  type TlsOptions,
} from './server.ts';

const environment = z
  .object({
    SPILLWAY_STORAGE_PORT: z.coerce.number().int().min(0).max(65_535).default(9199),
    /** The interface to listen on. The server asks nobody who he is. */
    SPILLWAY_STORAGE_HOST: z.string().min(1).default('127.0.0.1'),
    SPILLWAY_STORAGE_DIR: z.string().min(1),
    /** All three or none: a second port with TLS, and the PEM files of its key and its certificate. */
    SPILLWAY_STORAGE_TLS_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
    SPILLWAY_STORAGE_TLS_KEY: z.string().min(1).optional(),
    SPILLWAY_STORAGE_TLS_CERT: z.string().min(1).optional(),
    /** Buckets in which clients may not list objects, separated by commas. */
    SPILLWAY_STORAGE_WITHOUT_LIST: z.string().default(''),
    /** Uploads are refused while the disk has less free, in bytes. */
    SPILLWAY_STORAGE_FREE_BYTES: z.coerce
      .number()
      .int()
      .min(0)
      .default(512 * 1024 * 1024),
    /** The most that all objects may take together, in bytes; without it there is no limit but the disk. */
    SPILLWAY_STORAGE_MOST_BYTES: z.coerce.number().int().positive().optional(),
    /** Whether an object is on the disk before it is answered, so that a power cut takes nothing of it. */
    SPILLWAY_STORAGE_DURABLE: z.stringbool().default(false),
    /** The engine that notifications are published to: Pub/Sub's emulator, or the queues in a database. */
    SPILLWAY_ENGINE: z.enum(['google', 'embedded']).default('google'),
    /** The file of the engine `embedded`; without it nothing is published. */
    SPILLWAY_DATABASE: z.string().min(1).optional(),
    /** `host:port` of the engine `google`; without it nothing is published. */
    PUBSUB_EMULATOR_HOST: z.string().min(1).optional(),
    SPILLWAY_PROJECT: z.string().min(1).default('spillway-local'),
  })
  .parse(process.env);

function tlsOptions(): { tls?: TlsOptions } {
  const {
    SPILLWAY_STORAGE_TLS_PORT: port,
    SPILLWAY_STORAGE_TLS_KEY: key,
    SPILLWAY_STORAGE_TLS_CERT: cert,
  } = environment;
  if (port === undefined && key === undefined && cert === undefined) return {};
  if (port === undefined || key === undefined || cert === undefined) {
    throw new Error(
      'TLS needs SPILLWAY_STORAGE_TLS_PORT, SPILLWAY_STORAGE_TLS_KEY and SPILLWAY_STORAGE_TLS_CERT.',
    );
  }
  return { tls: { port, key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') } };
}

/** A client is loaded only where it is used. Null: nobody is told of anything. */
async function notificationTarget(): Promise<NotificationTarget | null> {
  const {
    SPILLWAY_ENGINE: engine,
    SPILLWAY_DATABASE: database,
    PUBSUB_EMULATOR_HOST: emulatorHost,
  } = environment;
  switch (engine) {
    case 'embedded': {
      if (database === undefined) return null;
      const { embeddedNotifier } = await import('./embedded-notifier.ts');
      return embeddedNotifier(database);
    }
    case 'google': {
      if (emulatorHost === undefined) return null;
      const { pubsubNotifier } = await import('./pubsub-notifier.ts');
      return pubsubNotifier({ projectId: environment.SPILLWAY_PROJECT, emulatorHost });
    }
    default:
      return engine satisfies never;
  }
}

const notifications = await notificationTarget();

const server = await startOrEnd({
  dataDir: environment.SPILLWAY_STORAGE_DIR,
  port: environment.SPILLWAY_STORAGE_PORT,
  host: environment.SPILLWAY_STORAGE_HOST,
  names: namesOf(environment.SPILLWAY_STORAGE_HOST),
  ...tlsOptions(),
  limits: {
    freeBytes: environment.SPILLWAY_STORAGE_FREE_BYTES,
    mostBytes: environment.SPILLWAY_STORAGE_MOST_BYTES ?? null,
  },
  ...(environment.SPILLWAY_STORAGE_DURABLE
    ? { durability: durableIn(environment.SPILLWAY_STORAGE_DIR) }
    : {}),
  withoutList: environment.SPILLWAY_STORAGE_WITHOUT_LIST.split(',').filter(Boolean),
  ...(notifications === null ? {} : { notify: notifications.notify }),
});

/** A folder that cannot be used is told in one line. */
async function startOrEnd(options: StorageServerOptions): Promise<StorageServer> {
  try {
    return await startStorageServer(options);
  } catch (error) {
    if (!(error instanceof StorageFolderError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

/** A server that listens beyond this machine is reached by the machine's names and addresses there. */
function namesOf(host: string): string[] {
  if (isForThisMachine(host)) return [];
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const named = addresses.map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address));
  return [host, hostname(), ...named].map((name) => name.toLowerCase());
}

let ending = false;

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  // Everything that matters is on disk at any moment, so a quick end does no harm.
  setTimeout(() => process.exit(0), 900).unref();
  await server.close();
  await notifications?.close();
  process.exit(0);
}

process.on('SIGTERM', end);
process.on('SIGINT', end);
// Only with an IPC channel to the parent: the parent has died.
process.on('disconnect', end);

const ready = { ready: true, url: server.url, port: server.port, pid: process.pid };
process.send?.(ready);
console.log(JSON.stringify(ready));
