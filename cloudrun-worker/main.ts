import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { parseConfig } from '@spillway/pipeline/gcp/config.ts';
import { hardenServer } from '@spillway/pipeline/http/harden-server.ts';
import { createJsonLog } from '@spillway/pipeline/json-log.ts';
import { askedToEnd } from '@spillway/worker/lifetime.ts';
import { startWorker } from '@spillway/worker/worker.ts';
import { createPushApp } from './app.ts';
import { runConfigSchema } from './config.ts';

/** A Cloud Run instance: does the jobs that Pub/Sub pushes to it. */
const config = parseConfig(runConfigSchema, process.env);
const log = createJsonLog(`cloudrun-worker ${config.SPILLWAY_WORKER_ID}`);
const end = askedToEnd(log, config.SPILLWAY_DRAIN_MS);

const worker = await startWorker('run', config, log);
const app = createPushApp(worker, log);
const server = createAdaptorServer({ fetch: app.fetch }) as Server;
hardenServer(server, log);
server.listen(config.PORT, config.HOST, () => {
  process.send?.({ ready: true, port: (server.address() as AddressInfo).port });
});
await worker.setState('ready');

await end;
await worker.setState('draining');
const closed = new Promise((resolve) => server.close(resolve));
const grace = setTimeout(worker.giveBack, config.SPILLWAY_DRAIN_MS);
await worker.idle();
clearTimeout(grace);
// Pub/Sub keeps its connections open for more.
server.closeAllConnections();
await closed;
await worker.close();
process.exit(0);
