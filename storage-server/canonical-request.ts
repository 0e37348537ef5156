import { createHash, createVerify } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** What a V4 signature covers. */
export interface SignedRequest {
  method: string;
  /** As sent, percent-encoded. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
}

/**
 * Whether the request has the V4 signature of that key. An address that was signed for GET is good for HEAD, too.
 * @param parameters Those of the query, with their names in lower case.
 * @param key PEM.
 * @see https://cloud.google.com/storage/docs/authentication/signatures
 */
export function isSignedBy(request: SignedRequest, parameters: Map<string, string>, key: string): boolean {
  const parameter = (name: string) => parameters.get(name) ?? '';
  const [, ...scope] = parameter('x-goog-credential').split('/');
  return possiblySigned(request).some((possible) => {
    const canonical = canonicalRequest(possible, parameter('x-goog-signedheaders'));
    const hash = createHash('sha256').update(canonical).digest('hex');
    const signed = ['GOOG4-RSA-SHA256', parameter('x-goog-date'), scope.join('/'), hash].join('\n');
    return createVerify('RSA-SHA256').update(signed).verify(key, parameter('x-goog-signature'), 'hex');
  });
}

/** Google's Node client signs the host without its port, which the cloud's address does not have. */
function possiblySigned(request: SignedRequest): SignedRequest[] {
  const { host = '' } = request.headers;
  const methods = request.method === 'HEAD' ? ['HEAD', 'GET'] : [request.method];
  return methods.flatMap((method) =>
    [host, host.replace(/:\d+$/, '')].map((signedHost) => ({
      ...request,
      method,
      headers: { ...request.headers, host: signedHost },
    })),
  );
}

/** @see https://cloud.google.com/storage/docs/authentication/canonical-requests */
function canonicalRequest({ method, path, query, headers }: SignedRequest, signedHeaders: string): string {
  const parameters = [...query]
    .filter(([name]) => name.toLowerCase() !== 'x-goog-signature')
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort();
  const lines = signedHeaders.split(';').map((name) => `${name}:${trimmed(headers[name])}\n`);
  const payload = trimmed(headers['x-goog-content-sha256']) || 'UNSIGNED-PAYLOAD';
  return [method, path, parameters.join('&'), lines.join(''), signedHeaders, payload].join('\n');
}

const trimmed = (value: string | string[] | undefined): string =>
  [value ?? ''].flat().join(',').trim().replaceAll(/\s+/g, ' ');

/** `encodeURIComponent` leaves these characters, which RFC 3986 reserves. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
