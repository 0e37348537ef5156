import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { hardenServer } from '@spillway/pipeline/http/harden-server.ts';
import { createJsonLog } from '@spillway/pipeline/json-log.ts';
import { z } from 'zod';
import { InstancePool } from './instance-pool.ts';
import { createRunProxy } from './run-proxy.ts';

/**
 * A substitute for Cloud Run in front of the push endpoint. It starts worker processes when requests need them, up to a
 * maximum, gives each as many requests at once as its concurrency, and ends idle ones.
 */
const config = z
  .object({
    PORT: z.coerce.number(),
    SPILLWAY_RUN_MAX: z.coerce.number().int().min(0),
    SPILLWAY_RUN_CONCURRENCY: z.coerce.number().int().min(1).default(1),
    /** An instance without requests is ended after this long. Milliseconds. */
    SPILLWAY_RUN_IDLE_MS: z.coerce.number().min(0).default(60_000),
  })
  .parse(process.env);

const pool = new InstancePool({
  entry: new URL('../cloudrun-worker/main.ts', import.meta.url),
  environment: process.env,
  most: config.SPILLWAY_RUN_MAX,
  concurrency: config.SPILLWAY_RUN_CONCURRENCY,
  idleMs: config.SPILLWAY_RUN_IDLE_MS,
});

const server = createAdaptorServer({ fetch: createRunProxy(pool).fetch }) as Server;
hardenServer(server, createJsonLog('cloud-run'));
server.listen(config.PORT, '127.0.0.1', () => process.send?.({ ready: true }));
for (const reason of ['SIGTERM', 'SIGINT', 'disconnect']) {
  process.on(reason, () => void pool.close().then(() => process.exit(0)));
}
