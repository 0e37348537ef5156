import type { AddressInfo } from 'node:net';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { hardenServer } from '@spillway/pipeline/http/harden-server.ts';
import { createJsonLog } from '@spillway/pipeline/json-log.ts';
import { z } from 'zod';
import { functionPortsSchema } from './function-ports.ts';
import { kindOf, putFrontBefore } from './functions-front.ts';

/** Serves the functions through functions-framework, one port each, on 127.0.0.1. */
const { SPILLWAY_FUNCTION_PORTS: ports } = z
  .object({ SPILLWAY_FUNCTION_PORTS: functionPortsSchema })
  .parse(process.env);

await import('@spillway/functions/main.ts');
const log = createJsonLog('functions-host');
const servers = Object.entries(ports).map(([name, port]) => {
  const server = getTestServer(name);
  putFrontBefore(server, kindOf(name));
  hardenServer(server, log);
  return server.listen(port, '127.0.0.1');
});
await Promise.all(servers.map((server) => listening(server)));
for (const reason of ['SIGTERM', 'SIGINT', 'disconnect']) process.on(reason, () => process.exit(0));
process.send?.({ ready: true });

function listening(server: (typeof servers)[number]): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    if (server.listening) resolve(server.address() as AddressInfo);
    else server.once('listening', () => resolve(server.address() as AddressInfo));
  });
}
