import type { OutgoingHttpHeaders } from 'node:http';
import type { CorsRule } from './bucket-record.ts';

const jsonApiMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

/** Headers of the JSON API and of upload sessions that a page may read beside those which are always readable. */
const exposed = [
  'Content-Length, Content-Range, Content-Type, Date, ETag, Location, Range, Server, Transfer-Encoding',
  'X-GUploader-UploadID, X-Goog-Generation, X-Goog-Hash, X-Goog-Metageneration, X-Goog-Stored-Content-Encoding',
  'X-Goog-Stored-Content-Length',
].join(', ');

export interface CorsRequest {
  origin: string;
  /** The method of the request, or the one that a preflight asks about. */
  method: string;
  /** For a preflight: the headers it asks about, else undefined. */
  asksForHeaders: string | undefined;
  preflight: boolean;
}

/** What the page is granted for which an upload session was begun: everything, at its address. */
export function sessionCors(request: CorsRequest): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {
    'Access-Control-Allow-Origin': request.origin,
    'Access-Control-Allow-Credentials': 'true',
    Vary: 'Origin, X-Origin',
  };
  if (!request.preflight) return { ...headers, 'Access-Control-Expose-Headers': exposed };
  return {
    ...headers,
    'Access-Control-Allow-Methods': jsonApiMethods,
    'Access-Control-Max-Age': '3600',
    ...(request.asksForHeaders ? { 'Access-Control-Allow-Headers': request.asksForHeaders } : {}),
  };
}

/**
 * What a bucket's configuration grants: the first rule that has both origin and method decides. Without one, or if a
 * preflight asks for a header that the rule lacks, no header is sent and the browser refuses.
 */
export function bucketCors(rules: CorsRule[], request: CorsRequest): OutgoingHttpHeaders {
  const rule = rules.find(
    ({ origin = [], method = [] }) =>
      (origin.includes('*') || origin.includes(request.origin)) &&
      (method.includes('*') || method.includes(request.method)),
  );
  if (!rule) return { Vary: 'Origin' };
  const asked = (request.asksForHeaders ?? '')
    .split(',')
    .map((header) => header.trim())
    .filter(Boolean);
  if (!asked.every((header) => isListed(header, rule.responseHeader ?? []))) return { Vary: 'Origin' };
  const headers: OutgoingHttpHeaders = {
    'Access-Control-Allow-Origin': rule.origin?.includes('*') ? '*' : request.origin,
    Vary: 'Origin',
  };
  if (!request.preflight) {
    return { ...headers, 'Access-Control-Expose-Headers': (rule.responseHeader ?? []).join(', ') };
  }
  return {
    ...headers,
    'Access-Control-Allow-Methods': (rule.method ?? []).join(', '),
    'Access-Control-Allow-Headers': asked.join(', '),
    'Access-Control-Max-Age': String(rule.maxAgeSeconds ?? 3600),
  };
}

function isListed(header: string, listed: string[]): boolean {
  return listed.some((entry) => {
    const pattern = entry.toLowerCase();
    const name = header.toLowerCase();
    return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
  });
}
