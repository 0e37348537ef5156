import type { OutgoingHttpHeaders } from 'node:http';
import { corsRules } from './bucket-record.ts';
import { bucketCors, type CorsRequest, openCors } from './cors.ts';
import { type Exchange, isJsonApi } from './exchange.ts';

/**
 * What a request from a page is granted. An upload session may be used from the page it was begun for, whatever the
 * bucket's configuration; beyond that, each of the two APIs has its own rule. Throws a 404 for an unknown session.
 */
export function corsHeaders(x: Exchange): OutgoingHttpHeaders {
  const {
    origin,
    'access-control-request-method': asked,
    'access-control-request-headers': headers,
  } = x.req.headers;
  if (!origin) return {};
  const preflight = x.method === 'OPTIONS';
  const request: CorsRequest = {
    origin,
    preflight,
    method: preflight ? (asked ?? '') : x.method,
    asksForHeaders: preflight ? headers : undefined,
  };
  const uploadId = x.query.get('upload_id');
  if (uploadId) {
    const session = x.sessions.get(uploadId);
    if (session.origin === origin) return openCors(request);
    return session.api === 'json' ? { Vary: 'Origin' } : bucketRules(x, session.bucket, request);
  }
  return isJsonApi(x) ? openCors(request) : bucketRules(x, x.path.split('/')[1] ?? '', request);
}

function bucketRules(x: Exchange, name: string, request: CorsRequest): OutgoingHttpHeaders {
  const bucket = x.store.buckets.find(name);
  return bucket ? bucketCors(corsRules(bucket.record), request) : {};
}
