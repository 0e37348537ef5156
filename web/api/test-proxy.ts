import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Identity-Aware Proxy as far as this site sees it: the keys that it publishes, and headers signed with one of them. */
export interface TestProxy {
  keysUrl: string;
  /** The key that it publishes. */
  readonly publicPem: string;
  /** Downloads of the keys so far. */
  readonly downloads: number;
  /** What the next downloads are answered with; keys as they are at first. */
  answer: { status: number; cacheControl: string | null; body?: string };
  /** A header, with other claims or another head where a test wants them. */
  sign(claims?: Record<string, unknown>, head?: Record<string, unknown>): string;
  /** Signs with a new key from now on, and publishes it in place of the old one. */
  rotate(): void;
  close(): Promise<void>;
}

export const proxyAudience = '/projects/123/locations/us-central1/services/spillway-admin';
export const proxyIssuer = 'https://cloud.google.com/iap';

export async function startTestProxy(): Promise<TestProxy> {
  let downloads = 0;
  let number = 1;
  let key = newKey();
  const answer: TestProxy['answer'] = { status: 200, cacheControl: 'public, max-age=3600' };
  const published = () => JSON.stringify({ [`key-${number}`]: pemOf(key.publicKey) });
  const server = createServer((_request, response) => {
    downloads++;
    response.statusCode = answer.status;
    if (answer.cacheControl !== null) response.setHeader('Cache-Control', answer.cacheControl);
    response.end(answer.body ?? published());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    keysUrl: `http://127.0.0.1:${port}/public_key`,
    answer,
    get publicPem() {
      return pemOf(key.publicKey);
    },
    get downloads() {
      return downloads;
    },
    sign(claims = {}, head = {}) {
      const now = Math.floor(Date.now() / 1_000);
      return signed(
        { alg: 'ES256', typ: 'JWT', kid: `key-${number}`, ...head },
        {
          iss: proxyIssuer,
          aud: proxyAudience,
          iat: now,
          exp: now + 600,
          sub: 'accounts.google.com:1',
          email: 'ann@example.com',
          ...claims,
        },
        key.privateKey,
      );
    },
    rotate() {
      number++;
      key = newKey();
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

function newKey() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

/** The same claims under a key of one's own. */
export function resigned(token: string, key: KeyObject = newKey().privateKey): string {
  const [head = '', claims = ''] = token.split('.');
  const parse = (part: string): object => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  return signed(parse(head), parse(claims), key);
}

/** A JSON web token with an ES256 signature, whatever its head says. */
function signed(head: object, claims: object, key: KeyObject): string {
  const text = [head, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}
