import type { ClientOptions } from 'google-gax';

/**
 * Options of a client of Google's that talks to a stand-in on this machine, without TLS and credentials.
 * @param host Host and port.
 */
export async function emulatorEndpoint(host: string): Promise<ClientOptions> {
  const { grpc } = await import('google-gax');
  const { hostname, port } = new URL(`http://${host}`);
  return {
    apiEndpoint: hostname,
    port: Number(port),
    sslCreds: grpc.credentials.createInsecure(),
    // Otherwise the client would ask the metadata server for it.
    clientOptions: { universeDomain: 'googleapis.com' },
  };
}
