import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { loadPackageDefinition, type Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';

/** The services of a client of Google's, by their full names, made from the protocol buffers that the client itself reads. */
export async function servicesOf(client: string): Promise<(name: string) => ServiceDefinition> {
  const entry = createRequire(import.meta.url).resolve(client);
  const protos = JSON.parse(await readFile(new URL('../protos/protos.json', `file://${entry}`), 'utf8'));
  const definition = loadPackageDefinition(fromJSON(protos, { enums: String, longs: String, oneofs: false }));
  return (name) => {
    const found = name
      .split('.')
      .reduce<unknown>((within, part) => (within as Record<string, unknown>)[part], definition);
    return (found as { service: ServiceDefinition }).service;
  };
}

/** Lets a stand-in listen on 127.0.0.1, without TLS; 0 is any free port. Returns its host and port. */
export function listenOn(server: Server, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, chosen) => {
      if (error) reject(error);
      else resolve(`127.0.0.1:${chosen}`);
    });
  });
}
