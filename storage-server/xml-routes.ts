import { checkClaimed, parseGoogHash } from './checksums.ts';
import { invalid, unsupported } from './errors.ts';
import { type Exchange, param, reply } from './exchange.ts';
import { checkLength, parseLengthRange } from './length-range.ts';
import { entityTag, objectHeaders, sendMedia } from './media.ts';
import { checkObjectName } from './names.ts';
import type { ObjectFields } from './object-version.ts';
import { checkBeforeRead, headerPreconditions } from './preconditions.ts';
import { checkReadHeaders } from './read-conditions.ts';
import { beginSession, continueSession } from './resumable-routes.ts';
import type { RouteTable } from './route-table.ts';
import { checkSignedQuery } from './signed-query.ts';

/** Objects of the XML API, which public and signed addresses use. */
export function addXmlRoutes(table: RouteTable): void {
  const path = '/:bucket/*object';
  table.add('GET', path, signed(get));
  table.add('HEAD', path, signed(get));
  table.add('PUT', path, signed(put));
  table.add('POST', path, signed(begin));
  table.add('DELETE', path, signed(remove));
  for (const bucketPath of ['/:bucket', '/:bucket/']) {
    table.add('*', bucketPath, () => {
      throw unsupported('requests on buckets through the XML API: use the JSON API');
    });
  }
}

/** What a query without a value makes of a request on an object. */
const subresources = [
  ...[
    'acl',
    'attributes',
    'compose',
    'legal-hold',
    'partNumber',
    'restore',
    'retention',
    'tagging',
    'torrent',
  ],
  ...['uploadId', 'uploads', 'versions'],
];

type ObjectHandler = (x: Exchange, bucket: string, name: string) => Promise<void>;

function signed(handler: ObjectHandler): (x: Exchange) => Promise<void> {
  return async (x) => {
    // The address of a session is itself the permission.
    if (x.query.has('upload_id')) return continueSession(x);
    checkSignedQuery({ ...x, headers: x.req.headers }, x.signers, x.store.now());
    for (const part of subresources) {
      if (x.query.has(part)) throw unsupported(`'${part}' of the XML API`);
    }
    await handler(x, param(x, 'bucket'), checkObjectName(param(x, 'object')));
  };
}

async function get(x: Exchange, bucket: string, name: string): Promise<void> {
  const version = x.store.get(bucket, name, x.query.get('generation'));
  checkBeforeRead(headerPreconditions(x.req.headers), version);
  checkReadHeaders(x.req.headers, { etag: entityTag(version), updated: version.updated });
  await sendMedia(x, version);
}

async function put(x: Exchange, bucket: string, name: string): Promise<void> {
  if (x.req.headers['x-goog-copy-source']) throw unsupported('copying through the XML API');
  const conditions = headerPreconditions(x.req.headers);
  const lengthRange = parseLengthRange(x.req.headers['x-goog-content-length-range']);
  x.store.buckets.get(bucket);
  const fields = headerFields(x);
  const staged = await x.store.stage(bucket, x.body);
  const version = await x.store.put({ bucket, name, fields, conditions }, staged, (checksums) => {
    checkLength(lengthRange, checksums.size);
    checkClaimed(claimedChecksums(x), checksums);
  });
  reply(x, 200, { ETag: entityTag(version), ...objectHeaders(version) });
}

async function begin(x: Exchange, bucket: string, name: string): Promise<void> {
  if (x.req.headers['x-goog-resumable'] !== 'start')
    throw invalid('A POST on an object needs x-goog-resumable: start.');
  x.store.buckets.get(bucket);
  const lengthRange = parseLengthRange(x.req.headers['x-goog-content-length-range']);
  const session = await x.sessions.start({
    api: 'xml',
    bucket,
    name,
    fields: headerFields(x),
    claimed: claimedChecksums(x),
    conditions: headerPreconditions(x.req.headers),
    ...(x.req.headers.origin ? { origin: x.req.headers.origin } : {}),
    ...(lengthRange ? { lengthRange } : {}),
  });
  beginSession(x, session, 201);
}

async function remove(x: Exchange, bucket: string, name: string): Promise<void> {
  await x.store.remove(bucket, name, x.query.get('generation'), headerPreconditions(x.req.headers));
  reply(x, 204);
}

function claimedChecksums(x: Exchange) {
  const md5 = x.req.headers['content-md5'];
  return { ...parseGoogHash(x.req.headers['x-goog-hash']), ...(md5 ? { md5Hash: String(md5) } : {}) };
}

function headerFields({ req: { headers } }: Exchange): ObjectFields {
  const fields: ObjectFields = { contentType: headers['content-type'] ?? 'application/octet-stream' };
  const { 'content-encoding': contentEncoding, 'content-disposition': contentDisposition } = headers;
  if (contentEncoding) fields.contentEncoding = contentEncoding;
  if (contentDisposition) fields.contentDisposition = contentDisposition;
  if (headers['content-language']) fields.contentLanguage = headers['content-language'];
  if (headers['cache-control']) fields.cacheControl = headers['cache-control'];
  if (headers['x-goog-storage-class']) fields.storageClass = String(headers['x-goog-storage-class']);
  const prefix = 'x-goog-meta-';
  const custom = Object.entries(headers).filter(([name]) => name.startsWith(prefix));
  if (custom.length > 0) {
    fields.metadata = Object.fromEntries(
      // Node reads header bytes as Latin-1; uploaders send UTF-8.
      custom.map(([name, value]) => [
        name.slice(prefix.length),
        Buffer.from(String(value), 'latin1').toString(),
      ]),
    );
  }
  return fields;
}
