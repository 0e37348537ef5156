import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { hardenServer } from '@spillway/pipeline/http/harden-server.ts';
import type { Log } from '@spillway/pipeline/ports/ports.ts';
import { Hono } from 'hono';
import { createMetadataApp } from './app.ts';
import type { Identity } from './identity.ts';
import type { Certificates, TokenSigner } from './token-signer.ts';

/** A server of the local cloud, at an address of its own. */
export interface LocalServer {
  /** host:port. */
  readonly host: string;
  close(): Promise<void>;
}

/**
 * Starts the metadata server of one machine. In the cloud all machines ask at one address and the network tells them
 * apart. Here each has an address of its own, because the client libraries drop the path of `GCE_METADATA_HOST`.
 */
export function startMetadataServer(
  identity: Identity,
  { project, signer, log }: { project: string; signer: TokenSigner; log: Log },
): Promise<LocalServer> {
  return listen(createMetadataApp(identity, project, signer), log);
}

/** How long Google lets its own be kept, in seconds: some hours. */
const certificatesKeptSeconds = 20_000;

/** Serves public keys at the paths where Google serves its own, for whatever verifies tokens. */
export function startCertificateServer({ jwks, pems }: Certificates, log: Log): Promise<LocalServer> {
  const app = new Hono();
  app.use(async (context, next) => {
    context.header(
      'Cache-Control',
      `public, max-age=${certificatesKeptSeconds}, must-revalidate, no-transform`,
    );
    return next();
  });
  app.get('/oauth2/v3/certs', (context) => context.json(jwks));
  app.get('/oauth2/v1/certs', (context) => context.json(pems));
  return listen(app, log);
}

async function listen(app: Hono, log: Log): Promise<LocalServer> {
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  hardenServer(server, log);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  // It ends with the process that started it.
  server.unref();
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
