import { createServer, type ServerResponse } from 'node:http';
import { type Health, statusCodeOf } from '../health.ts';
import type { Log } from '../ports/ports.ts';
import { hardenServer } from './harden-server.ts';
import type { MetricsPage } from './metrics-page.ts';

export interface HealthServer {
  /** Where it listens. */
  port: number;
  stop(): Promise<void>;
}

/**
 * Serves `GET /health` on a port of its own, for the health check of a managed instance group, and `GET /metrics` for
 * Prometheus. Neither says anything of a person or a picture, and the port is for the machines of one network.
 * @see https://cloud.google.com/compute/docs/instance-groups/autohealing-instances-in-migs
 * @param port 0 for any free one.
 * @throws Error where the port is taken.
 */
export async function startHealthServer(
  { host, port }: { host: string; port: number },
  { health, metrics }: { health: Health; metrics: () => MetricsPage | null },
  log: Log,
): Promise<HealthServer> {
  const server = createServer(async (request, response) => {
    const path = request.url?.split('?')[0];
    if (path !== '/health' && path !== '/metrics') return void response.writeHead(404).end();
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return void response.writeHead(405, { Allow: 'GET, HEAD' }).end();
    }
    if (path === '/metrics') return answerMetrics(response, metrics());
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

/** @param page Null while the program starts. */
function answerMetrics(response: ServerResponse, page: MetricsPage | null): Promise<void> | undefined {
  if (page) return page.answer(response);
  response.writeHead(503).end();
  return undefined;
}
