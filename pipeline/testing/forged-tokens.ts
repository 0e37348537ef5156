import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A key of an issuer's, and what it publishes of it. */
export interface SigningKey {
  id: string;
  privateKey: KeyObject;
  publicPem: string;
}

export function makeSigningKey(id: string): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  return { id, privateKey, publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

/** A token with these claims. Undefined claims are left out. */
export function signedToken(key: SigningKey, claims: object, header: object = {}): string {
  const signed = unsignedPart({ alg: 'RS256', typ: 'JWT', kid: key.id, ...header }, claims);
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key.privateKey).toString('base64url')}`;
}

/** A token whose secret is what everybody knows: the public key. */
export function signedWithPublicKey(key: SigningKey, claims: object): string {
  const signed = unsignedPart({ alg: 'HS256', typ: 'JWT', kid: key.id }, claims);
  return `${signed}.${createHmac('sha256', key.publicPem).update(signed).digest('base64url')}`;
}

/** A token with something else in place of its signature. */
export function withSignature(signature: string, claims: object, header: object): string {
  return `${unsignedPart(header, claims)}.${signature}`;
}

function unsignedPart(header: object, claims: object): string {
  return [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
}

/** What a server of certificates answers. */
export interface CertificateAnswer {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
}

/** A real server of certificates, whose answer can be changed while it runs. It counts how often it was asked. */
export async function startCertificates(first: CertificateAnswer) {
  const state = { answer: first, asked: 0 };
  const server = createServer((_request, response) => {
    state.asked++;
    const { status = 200, headers = {}, body = '{}' } = state.answer;
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    state,
    address: `http://127.0.0.1:${port}/oauth2/v1/certs`,
    close() {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
