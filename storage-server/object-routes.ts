import { bytesOf } from './copy-routes.ts';
import { invalid } from './errors.ts';
import { type Exchange, param, readJsonObject, reply, replyJson } from './exchange.ts';
import { listObjects } from './listing.ts';
import { entityTag, sendMedia } from './media.ts';
import { checkObjectName } from './names.ts';
import { type ObjectRecord, versionsOf } from './object-record.ts';
import { etagOf, type ObjectVersion, objectFields, objectResource, patchedFields } from './object-version.ts';
import { checkMayList } from './permissions.ts';
import { checkBeforeRead, queryPreconditions } from './preconditions.ts';
import { checkReadHeaders } from './read-conditions.ts';
import { flag } from './request-values.ts';
import type { RouteTable } from './route-table.ts';
import { isRestorable } from './soft-delete.ts';

/** Objects of the JSON API: list, get, download, change, delete and restore. */
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
    table.add('POST', `${path}/restore`, restore);
  }
}

function list(x: Exchange): void {
  const bucket = param(x, 'bucket');
  x.store.buckets.get(bucket);
  checkMayList(x);
  const { items, prefixes, nextPageToken } = isSoftDeleted(x)
    ? listObjects(
        x.query,
        (start) => x.store.softDeletedRecords(bucket, start),
        ({ softDeleted = [] }) =>
          softDeleted.filter((version) => isRestorable(version, x.store.now())).toReversed(),
      )
    : listObjects(x.query, (start) => x.store.records(bucket, start), shownOf(x));
  replyJson(x, {
    kind: 'storage#objects',
    ...(items.length > 0
      ? { items: items.map(({ name, version }) => objectResource(bucket, name, version, x.baseUrl)) }
      : {}),
    ...(prefixes.length > 0 ? { prefixes } : {}),
    ...(nextPageToken === undefined ? {} : { nextPageToken }),
  });
}

function shownOf(x: Exchange): (record: ObjectRecord) => ObjectVersion[] {
  return flag(x.query, 'versions')
    ? (record) => versionsOf(record).toReversed()
    : ({ live }) => (live ? [live] : []);
}

/** Whether the request is about what was deleted and can be restored. Throws a 400 where it asks for both. */
function isSoftDeleted(x: Exchange): boolean {
  if (!flag(x.query, 'softDeleted')) return false;
  if (flag(x.query, 'versions')) throw invalid('Both softDeleted and versions cannot be true.');
  return true;
}

/** Makes a live copy of a version that was deleted: a new generation with the same bytes and metadata. */
async function restore(x: Exchange): Promise<void> {
  const { bucket, name } = target(x);
  const deleted = x.store.getSoftDeleted(bucket, name, deletedGeneration(x));
  const { fields, componentCount } = deleted;
  const staged = await x.store.stage(bucket, bytesOf(x, [deleted]));
  const count = componentCount === undefined ? {} : { componentCount };
  const conditions = queryPreconditions(x.query);
  const version = await x.store.put({ bucket, name, fields, conditions, ...count }, staged);
  replyJson(x, objectResource(bucket, name, version, x.baseUrl));
}

function deletedGeneration(x: Exchange): string {
  const generation = x.query.get('generation');
  if (!generation) throw invalid('You must specify a generation to access a soft deleted object.');
  return generation;
}

function getSoftDeleted(x: Exchange): void {
  const { bucket, name } = target(x);
  if (x.query.get('alt') === 'media')
    throw invalid('A soft deleted object has to be restored before it is read.');
  const version = x.store.getSoftDeleted(bucket, name, deletedGeneration(x));
  replyJson(x, objectResource(bucket, name, version, x.baseUrl));
}

async function get(x: Exchange): Promise<void> {
  if (isSoftDeleted(x)) return getSoftDeleted(x);
  const { bucket, name } = target(x);
  const version = x.store.get(bucket, name, x.query.get('generation'));
  checkBeforeRead(queryPreconditions(x.query), version);
  if (x.query.get('alt') === 'media' || x.path.startsWith('/download/')) {
    checkReadHeaders(x.req.headers, { etag: entityTag(version), updated: version.updated });
    return sendMedia(x, version);
  }
  const etag = etagOf(version);
  checkReadHeaders(x.req.headers, { etag, updated: version.updated });
  x.replyHeaders.ETag = etag;
  replyJson(x, objectResource(bucket, name, version, x.baseUrl));
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

function target(x: Exchange): { bucket: string; name: string } {
  return { bucket: param(x, 'bucket'), name: checkObjectName(param(x, 'object')) };
}
