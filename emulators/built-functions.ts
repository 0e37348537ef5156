import { once } from 'node:events';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { hardenServer } from '@spillway/pipeline/http/harden-server.ts';
import { createJsonLog } from '@spillway/pipeline/json-log.ts';
import { z } from 'zod';
import { anyPort } from './choose-ports.ts';
import { functionPortsSchema } from './function-ports.ts';
import { kindOf, putFrontBefore } from './functions-front.ts';
import { startInstance } from './run-instance.ts';
import { anybodyMayInvoke } from './run-invocation.ts';
import { createRunProxy } from './run-proxy.ts';

/**
 * Serves the functions from the folder that is deployed, as Google does: each by the command of functions-framework, in
 * a process of its own, behind a front.
 */
const { SPILLWAY_FUNCTION_PORTS: ports, SPILLWAY_FUNCTIONS_FOLDER: folder } = z
  .object({ SPILLWAY_FUNCTION_PORTS: functionPortsSchema, SPILLWAY_FUNCTIONS_FOLDER: z.string() })
  .parse(process.env);

const framework = join(folder, 'node_modules/.bin/functions-framework');
const preload = new URL('listen-locally.ts', import.meta.url).href;
/** From SIGTERM to SIGKILL. The whole stack has to end within 10 s. Milliseconds. */
const killAfterMs = 5_000;
const log = createJsonLog('built-functions');

const functions = await Promise.all(Object.entries(ports).map(([name, port]) => serve(name, port)));
for (const reason of ['SIGTERM', 'SIGINT', 'disconnect']) {
  process.on(reason, async () => {
    await Promise.all(functions.map((instance) => instance.end(killAfterMs)));
    process.exit(0);
  });
}
process.send?.({ ready: true });

async function serve(name: string, port: number) {
  const instancePort = await anyPort();
  const instance = startInstance(
    {
      arguments: [...process.execArgv, '--import', preload, framework, `--target=${name}`],
      environment: { ...environment(), PORT: String(instancePort) },
      workdir: folder,
      port: instancePort,
      folder,
      freezes: false,
      memoryLimitBytes: null,
    },
    (line) => log.error({ name }, line),
  );
  // The launcher starts all of it again.
  void instance.ended.then(() => process.exit(1));
  await instance.ready;
  const place = { port: instancePort, release: () => {} };
  const proxy = createRunProxy({ reserve: async () => place, status: () => [] }, anybodyMayInvoke);
  const server = createAdaptorServer({ fetch: proxy.fetch }) as Server;
  putFrontBefore(server, kindOf(name));
  hardenServer(server, log);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return instance;
}

/** What the launcher gave to the functions, without the channel to it. */
function environment(): Record<string, string> {
  const { NODE_CHANNEL_FD: _, ...rest } = process.env;
  return Object.fromEntries(
    Object.entries(rest).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
