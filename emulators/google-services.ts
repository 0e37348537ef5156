import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { loadPackageDefinition, type Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import { fromJSON, type MessageTypeDefinition } from '@grpc/proto-loader';

/** What the protocol buffers define that a client of Google's reads. All are found by their full names. */
export interface GoogleDefinitions {
  service(name: string): ServiceDefinition;
  /** Writes a message of that type. */
  encode(name: string, message: object): Buffer;
}

/** The definitions of a client. The client itself is not loaded: it takes 20 MB. */
export async function definitionsOf(client: string): Promise<GoogleDefinitions> {
  const entry = createRequire(import.meta.url).resolve(client);
  const protos = JSON.parse(await readFile(new URL('../protos/protos.json', `file://${entry}`), 'utf8'));
  const definitions = fromJSON(protos, { enums: String, longs: String, oneofs: false });
  const loaded = loadPackageDefinition(definitions);
  return {
    service(name) {
      const found = name
        .split('.')
        .reduce<unknown>((within, part) => (within as Record<string, unknown>)[part], loaded);
      return (found as { service: ServiceDefinition }).service;
    },
    encode(name, message) {
      const definition = definitions[name];
      if (definition === undefined || !('serialize' in definition)) {
        throw new Error(`${client} has no message ${name}.`);
      }
      return (definition as MessageTypeDefinition<object, object>).serialize(message);
    },
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
