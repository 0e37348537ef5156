import { createServer } from 'node:http';
import { createHealth, type Health, statusCodeOf } from '@spillway/pipeline/health.ts';
import { hardenServer } from '@spillway/pipeline/http/harden-server.ts';
import type { Log } from '@spillway/pipeline/ports/ports.ts';
import { awakeMs } from '@spillway/processing/awake-time.ts';

/** A worker's health: only the time in which it runs counts. */
export function workerHealth(): Health {
  return createHealth(awakeMs);
}

export interface HealthServer {
  /** Where it listens. */
  port: number;
  stop(): Promise<void>;
}

/**
 * Serves `GET /health` on a port of its own, for the health check of a managed instance group.
 * @see https://cloud.google.com/compute/docs/instance-groups/autohealing-instances-in-migs
 * @param port 0 for any free one.
 * @throws Error where the port is taken.
 */
export async function startHealthServer(
  { host, port }: { host: string; port: number },
  health: Health,
  log: Log,
): Promise<HealthServer> {
  const server = createServer(async (request, response) => {
    if (request.url !== '/health') return void response.writeHead(404).end();
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return void response.writeHead(405, { Allow: 'GET, HEAD' }).end();
    }
    const report = await health.report();
    response.writeHead(statusCodeOf(report), {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
    });
    response.end(JSON.stringify(report));
  });
  hardenServer(server, log);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : port,
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
