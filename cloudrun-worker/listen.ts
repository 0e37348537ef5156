import { once } from 'node:events';
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { hardenServer } from '@spillway/pipeline/http/harden-server.ts';
import type { Log } from '@spillway/pipeline/ports/ports.ts';
import type { Hono } from 'hono';

export interface Listening {
  /** Lets no new request in. Resolves when the last connection has closed. */
  close(): Promise<void>;
  /** Ends the connections that callers keep open for their next requests. */
  hangUp(): void;
}

/** Serves an app. That it listens tells Cloud Run that the instance is ready. Rejects where the port is taken. */
export async function listen(
  // biome-ignore lint/suspicious/noExplicitAny: Hono's own type for an app of any bindings.
  { fetch }: Pick<Hono<any>, 'fetch'>,
  { PORT, SPILLWAY_HOST }: { PORT: number; SPILLWAY_HOST: string },
  log: Log,
): Promise<Listening> {
  const server = createAdaptorServer({ fetch }) as Server;
  hardenServer(server, log);
  // A timeout in wall time has passed when the instance gets time again, and would cut off the request that it comes with.
  server.keepAliveTimeout = 0;
  server.listen(PORT, SPILLWAY_HOST);
  await once(server, 'listening');
  return {
    close: () => new Promise((resolve) => server.close(() => resolve())),
    hangUp: () => server.closeAllConnections(),
  };
}
