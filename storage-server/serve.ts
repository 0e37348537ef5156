import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { pubsubNotifier } from './pubsub-notifier.ts';
import { startStorageServer, type TlsOptions } from './server.ts';

const environment = z
  .object({
    SPILLWAY_STORAGE_PORT: z.coerce.number().int().min(0).max(65_535).default(9199),
    SPILLWAY_STORAGE_DIR: z.string().min(1),
    /** All three or none: a second port with TLS, and the PEM files of its key and its certificate. */
    SPILLWAY_STORAGE_TLS_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
    SPILLWAY_STORAGE_TLS_KEY: z.string().min(1).optional(),
    SPILLWAY_STORAGE_TLS_CERT: z.string().min(1).optional(),
    /** Buckets in which clients may not list objects, separated by commas. */
    SPILLWAY_STORAGE_WITHOUT_LIST: z.string().default(''),
    /** `host:port`; without it nothing is published. */
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

const pubsub =
  environment.PUBSUB_EMULATOR_HOST === undefined
    ? undefined
    : pubsubNotifier({
        projectId: environment.SPILLWAY_PROJECT,
        emulatorHost: environment.PUBSUB_EMULATOR_HOST,
      });

const server = await startStorageServer({
  dataDir: environment.SPILLWAY_STORAGE_DIR,
  port: environment.SPILLWAY_STORAGE_PORT,
  ...tlsOptions(),
  withoutList: environment.SPILLWAY_STORAGE_WITHOUT_LIST.split(',').filter(Boolean),
  ...(pubsub ? { notify: pubsub.notify } : {}),
});

let ending = false;

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  // Everything that matters is on disk at any moment, so a quick end does no harm.
  setTimeout(() => process.exit(0), 900).unref();
  await server.close();
  await pubsub?.close();
  process.exit(0);
}

process.on('SIGTERM', end);
process.on('SIGINT', end);
// Only with an IPC channel to the parent: the parent has died.
process.on('disconnect', end);

const ready = { ready: true, url: server.url, port: server.port, pid: process.pid };
process.send?.(ready);
console.log(JSON.stringify(ready));
