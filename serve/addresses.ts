import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { messageOf } from '@spillway/core/errors.ts';
import { StartError } from '@spillway/supervisor/start-error.ts';

/** Where a program listens, and the flags by which a person chooses it. */
export interface Place {
  host: string;
  port: number;
  flags: { host: string; port: string };
}

/**
 * Looks whether a program can listen there.
 * @throws StartError with a sentence that says why it cannot, and what to do.
 */
export async function requireFree(place: Place): Promise<void> {
  try {
    await tryPort(place);
  } catch (error) {
    throw new StartError(problemOf(place, error));
  }
}

/** A port of this machine's own interface that nobody listens on. */
export function freePort(): Promise<number> {
  return tryPort({ host: '127.0.0.1', port: 0 });
}

async function tryPort({ host, port }: Pick<Place, 'host' | 'port'>): Promise<number> {
  const server = createServer();
  server.listen({ host, port, exclusive: true });
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;
  server.close();
  await once(server, 'close');
  return bound;
}

function problemOf({ host, port, flags }: Place, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is used by another program. End it, or choose another port with ${flags.port}.`;
    case 'EACCES':
      return `This user may not listen on port ${port}. Choose one from 1024 on with ${flags.port}, and put a proxy before it.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return `${host} is no address of this machine. Choose one with ${flags.host}: 127.0.0.1 for this machine alone, 0.0.0.0 for all that reach it.`;
    default:
      return `Nothing can listen on port ${port} of ${host}: ${messageOf(error)}`;
  }
}

/** The address of a program that listens there, for other programs of this machine. */
export function localAddress(host: string, port: number): string {
  switch (host) {
    case '0.0.0.0':
      return `http://127.0.0.1:${port}`;
    case '::':
      return `http://[::1]:${port}`;
    default:
      return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  }
}
