import type { OutgoingHttpHeaders } from 'node:http';
import { isForThisMachine, isFromPage } from '@spillway/pipeline/http/page-requests.ts';
import { corsRules } from './bucket-record.ts';
import { bucketCors, type CorsRequest, sessionCors } from './cors.ts';
import { StorageError } from './errors.ts';
import { bucketOf, type Exchange } from './exchange.ts';

/** Who makes a request, and the headers that tell a browser what its page may do. */
interface PageAccess {
  kind: 'no_page' | 'granted' | 'refused';
  headers: OutgoingHttpHeaders;
}

/** Stored content comes from strangers. A browser must show it only as its declared type, and isolated. */
const inertHeaders = {
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'X-Content-Type-Options': 'nosniff',
};

/**
 * Refuses requests from foreign pages in a developer's browser. In the cloud such pages have no credentials. Here
 * everybody who reaches the server may do everything, so the origin of a request is checked first. Throws a 403, or a
 * 404 for an unknown session.
 * @param hosts Names of this machine beside those of its loopback interface.
 */
export function admit(x: Exchange, hosts: readonly string[]): void {
  Object.assign(x.replyHeaders, inertHeaders);
  const named = x.req.rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host');
  if (named.length > 1 || !isForThisMachine(x.req.headers.host, hosts)) {
    throw forbidden('This server answers to names of its own machine only, such as 127.0.0.1 or localhost.');
  }
  const { kind, headers } = pageAccess(x);
  Object.assign(x.replyHeaders, headers);
  // A preflight answer without a grant is a refusal, as in the cloud.
  if (kind === 'refused' && x.method !== 'OPTIONS') {
    throw forbidden("Web pages may do here what a bucket's CORS configuration grants to their origin.");
  }
}

/**
 * An upload session may be used from the page that it was begun for, as in the cloud. Beyond that, a bucket's CORS
 * configuration decides, for both APIs.
 */
function pageAccess(x: Exchange): PageAccess {
  const { headers } = x.req;
  if (!isFromPage(headers) || isGoogleClient(x)) return { kind: 'no_page', headers: {} };
  const { origin, 'access-control-request-method': asked, 'access-control-request-headers': names } = headers;
  if (origin === undefined) return { kind: isSessionAddress(x) ? 'granted' : 'refused', headers: {} };
  const preflight = x.method === 'OPTIONS';
  const request: CorsRequest = {
    origin,
    preflight,
    method: preflight ? (asked ?? '') : x.method,
    asksForHeaders: preflight ? names : undefined,
  };
  const granted = grantedHeaders(x, request);
  const isGranted = granted['Access-Control-Allow-Origin'] !== undefined;
  return { kind: isGranted ? 'granted' : 'refused', headers: granted };
}

/**
 * A server that begins an upload session for a page names the page's origin. Google's clients add a header to their
 * requests that a page cannot add, because it would need a preflight that grants it.
 */
function isGoogleClient({ req: { headers } }: Exchange): boolean {
  return headers['x-goog-api-client'] !== undefined && headers['sec-fetch-site'] === undefined;
}

/** The session's address is secret and is itself the permission, so a request without an origin is allowed. */
function isSessionAddress(x: Exchange): boolean {
  const uploadId = x.query.get('upload_id');
  return uploadId !== null && x.sessions.get(uploadId) !== undefined;
}

function grantedHeaders(x: Exchange, request: CorsRequest): OutgoingHttpHeaders {
  const uploadId = x.query.get('upload_id');
  if (uploadId) {
    const session = x.sessions.get(uploadId);
    if (session.origin === request.origin) return sessionCors(request);
    return session.api === 'json' ? { Vary: 'Origin' } : bucketRules(x, session.bucket, request);
  }
  return bucketRules(x, bucketOf(x.path), request);
}

function bucketRules(x: Exchange, name: string, request: CorsRequest): OutgoingHttpHeaders {
  const bucket = x.store.buckets.find(name);
  return bucket ? bucketCors(corsRules(bucket), request) : { Vary: 'Origin' };
}

const forbidden = (message: string): StorageError =>
  new StorageError(403, 'forbidden', 'AccessDenied', message);
