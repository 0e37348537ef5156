import { checkClaimed, parseGoogHash } from './checksums.ts';
import { invalid, unsupported } from './errors.ts';
import { type Exchange, param, readJsonObject, replyJson } from './exchange.ts';
import { readMultipart } from './multipart-related.ts';
import { checkObjectName } from './names.ts';
import { objectFields, objectResource } from './object-version.ts';
import { queryPreconditions } from './preconditions.ts';
import { beginSession, continueSession } from './resumable-routes.ts';
import type { RouteTable } from './route-table.ts';

/**
 * Uploads of the JSON API, in its three types; a request with an `upload_id` belongs to a session that was begun.
 * apitools begins sessions below `/resumable`, as the API's discovery document says.
 */
export function addUploadRoutes(table: RouteTable): void {
  for (const base of ['/upload', '/resumable/upload'])
    table.add('*', `${base}/storage/v1/b/:bucket/o`, upload);
}

async function upload(x: Exchange): Promise<void> {
  if (x.query.has('upload_id')) return continueSession(x);
  x.store.buckets.get(param(x, 'bucket'));
  const type = x.query.get('uploadType');
  if (x.method !== 'POST') throw invalid(`An upload begins with POST, not ${x.method}.`);
  switch (type) {
    case 'media':
      return uploadMedia(x, {}, x.req.headers['content-type'], x.body);
    case 'multipart': {
      const contentType = x.req.headers['content-type'] ?? '';
      const { metadata, mediaType, media } = await readMultipart(contentType, x.body);
      return uploadMedia(x, metadata, mediaType, media);
    }
    case 'resumable':
      return beginJsonSession(x);
    default:
      throw type ? unsupported(`upload type '${type}'`) : invalid('Required parameter: uploadType');
  }
}

async function uploadMedia(
  x: Exchange,
  metadata: Record<string, unknown>,
  mediaType: string | undefined,
  media: AsyncIterable<Uint8Array>,
): Promise<void> {
  const target = uploadTarget(x, metadata, mediaType);
  const staged = await x.store.stage(target.bucket, media);
  const version = await x.store.put(target, staged, (checksums) =>
    checkClaimed({ ...target.claimed, ...parseGoogHash(x.req.headers['x-goog-hash']) }, checksums),
  );
  replyJson(x, objectResource(target.bucket, target.name, version, x.baseUrl));
}

async function beginJsonSession(x: Exchange): Promise<void> {
  const metadata = await readJsonObject(x);
  const announced = x.req.headers['x-upload-content-length'];
  if (announced !== undefined && !/^\d+$/.test(String(announced)))
    throw invalid('Invalid X-Upload-Content-Length.');
  const mediaType = x.req.headers['x-upload-content-type'];
  const session = await x.sessions.start({
    api: 'json',
    ...uploadTarget(x, metadata, typeof mediaType === 'string' ? mediaType : undefined),
    ...(announced === undefined ? {} : { total: Number(announced) }),
    ...(x.req.headers.origin ? { origin: x.req.headers.origin } : {}),
  });
  beginSession(x, session, 200);
}

/** Name and fields of the object. The query has precedence over the metadata in the body. */
function uploadTarget(x: Exchange, metadata: Record<string, unknown>, mediaType: string | undefined) {
  const fields = objectFields(metadata);
  const encoding = x.query.get('contentEncoding');
  if (encoding) fields.contentEncoding = encoding;
  fields.contentType ??= mediaType ?? 'application/octet-stream';
  const { crc32c, md5Hash } = metadata;
  return {
    bucket: param(x, 'bucket'),
    name: checkObjectName(x.query.get('name') ?? metadata.name),
    fields,
    conditions: queryPreconditions(x.query),
    claimed: {
      ...(typeof crc32c === 'string' ? { crc32c } : {}),
      ...(typeof md5Hash === 'string' ? { md5Hash } : {}),
    },
  };
}
