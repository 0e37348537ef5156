import { StorageError, unsupported } from './errors.ts';
import { type Exchange, param, readJsonObject, reply, replyJson } from './exchange.ts';
import { listObjects } from './listing.ts';
import { sendMedia } from './media.ts';
import { checkObjectName } from './names.ts';
import { etagOf, type ObjectVersion, objectFields, objectResource, patchedFields } from './object-version.ts';
import { checkBeforeRead, queryPreconditions } from './preconditions.ts';
import type { RouteTable } from './route-table.ts';

/** Objects of the JSON API: list, get, download, change and delete. */
export function addObjectRoutes(table: RouteTable): void {
  // The client leaves the prefix away if it finds the server through STORAGE_EMULATOR_HOST.
  for (const base of ['/storage/v1', '', '/download/storage/v1']) {
    const path = `${base}/b/:bucket/o/:object`;
    table.add('GET', path, get);
    table.add('HEAD', path, get);
  }
  for (const base of ['/storage/v1', '']) {
    table.add('GET', `${base}/b/:bucket/o`, list);
    const path = `${base}/b/:bucket/o/:object`;
    table.add('PATCH', path, (x) => change(x, patchedFields));
    table.add('PUT', path, (x) => change(x, (_before, resource) => objectFields(resource)));
    table.add('DELETE', path, remove);
    table.add('*', `${path}/acl/*rest`, refuseAcl);
    table.add('*', `${path}/acl`, refuseAcl);
    table.add('*', `${path}/iam`, refuseAcl);
  }
}

function list(x: Exchange): void {
  const bucket = param(x, 'bucket');
  x.store.buckets.get(bucket);
  if (x.query.get('softDeleted') === 'true') throw unsupported('soft delete');
  const { items, prefixes, nextPageToken } = listObjects(x.query, (start) => x.store.records(bucket, start));
  replyJson(x, {
    kind: 'storage#objects',
    ...(items.length > 0
      ? { items: items.map(({ name, version }) => objectResource(bucket, name, version, x.baseUrl)) }
      : {}),
    ...(prefixes.length > 0 ? { prefixes } : {}),
    ...(nextPageToken === undefined ? {} : { nextPageToken }),
  });
}

async function get(x: Exchange): Promise<void> {
  const { bucket, name } = target(x);
  const version = x.store.get(bucket, name, x.query.get('generation'));
  checkBeforeRead(queryPreconditions(x.query), version);
  if (x.query.get('alt') === 'media' || x.path.startsWith('/download/')) return sendMedia(x, version);
  checkEntityTag(x, version);
  x.replyHeaders.ETag = etagOf(version);
  replyJson(x, objectResource(bucket, name, version, x.baseUrl));
}

function checkEntityTag(x: Exchange, version: ObjectVersion): void {
  const known = x.req.headers['if-none-match'];
  if (known === '*' || known?.split(/\s*,\s*/).includes(etagOf(version))) {
    throw new StorageError(304, 'notModified', 'NotModified', 'Not Modified');
  }
}

async function change(x: Exchange, next: typeof patchedFields): Promise<void> {
  const { bucket, name } = target(x);
  x.store.get(bucket, name, x.query.get('generation'));
  const body = await readJsonObject(x);
  const conditions = queryPreconditions(x.query);
  const version = await x.store.changeFields(bucket, name, x.query.get('generation'), conditions, (fields) =>
    next(fields, body),
  );
  replyJson(x, objectResource(bucket, name, version, x.baseUrl));
}

async function remove(x: Exchange): Promise<void> {
  const { bucket, name } = target(x);
  await x.store.remove(bucket, name, x.query.get('generation'), queryPreconditions(x.query));
  reply(x, 204);
}

function refuseAcl(): never {
  throw unsupported('access control: every object can be read and written by anybody who reaches the server');
}

function target(x: Exchange): { bucket: string; name: string } {
  return { bucket: param(x, 'bucket'), name: checkObjectName(param(x, 'object')) };
}
