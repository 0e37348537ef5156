import { type BucketRecord, bucketResource, newSettings, patchedSettings } from './bucket-record.ts';
import { unsupported } from './errors.ts';
import { type Exchange, param, readJsonObject, reply, replyJson } from './exchange.ts';
import { checkBucketName } from './names.ts';
import { checkBeforeRead, checkBeforeWrite, queryPreconditions } from './preconditions.ts';
import { flag, pageSize } from './request-values.ts';
import type { RouteTable } from './route-table.ts';

const largestPage = 1000;

/** Buckets of the JSON API. The project is ignored: a local server has one. */
export function addBucketRoutes(table: RouteTable): void {
  for (const base of ['/storage/v1', '']) {
    table.add('POST', `${base}/b`, create);
    table.add('GET', `${base}/b`, list);
    table.add('GET', `${base}/b/:bucket`, get);
    table.add('PATCH', `${base}/b/:bucket`, (x) => change(x, patchedSettings));
    table.add('PUT', `${base}/b/:bucket`, (x) =>
      change(x, (_before, resource, time) => newSettings(resource, time)),
    );
    table.add('DELETE', `${base}/b/:bucket`, remove);
    table.add('GET', `${base}/b/:bucket/storageLayout`, layout);
  }
}

async function create(x: Exchange): Promise<void> {
  const body = await readJsonObject(x);
  const time = x.store.timestamp();
  const record: BucketRecord = {
    name: checkBucketName(body.name),
    metageneration: 1,
    timeCreated: time,
    updated: time,
    settings: newSettings(body, time),
    notificationConfigs: [],
    nextNotificationId: 1,
  };
  x.store.buckets.create(record);
  replyJson(x, bucketResource(record, x.baseUrl));
}

function list(x: Exchange): void {
  refuseSoftDeleted(x);
  const prefix = x.query.get('prefix') ?? '';
  const after = x.query.get('pageToken') ?? '';
  const limit = pageSize(x.query, largestPage);
  const names = x.store.buckets.names().filter((name) => name.startsWith(prefix) && name > after);
  const page = names.slice(0, limit);
  replyJson(x, {
    kind: 'storage#buckets',
    items: page.map((name) => bucketResource(x.store.buckets.get(name), x.baseUrl)),
    ...(names.length > limit ? { nextPageToken: page.at(-1) } : {}),
  });
}

function refuseSoftDeleted(x: Exchange): void {
  if (flag(x.query, 'softDeleted')) throw unsupported('soft delete of buckets');
}

function get(x: Exchange): void {
  refuseSoftDeleted(x);
  const record = x.store.buckets.get(param(x, 'bucket'));
  checkBeforeRead(queryPreconditions(x.query), versioned(record));
  replyJson(x, bucketResource(record, x.baseUrl));
}

/** What clients ask of a bucket before they walk through it: whether its folders are real. */
function layout(x: Exchange): void {
  const record = x.store.buckets.get(param(x, 'bucket'));
  const { name: bucket, location, locationType } = bucketResource(record, x.baseUrl);
  const hierarchicalNamespace = { enabled: false };
  replyJson(x, { kind: 'storage#storageLayout', bucket, location, locationType, hierarchicalNamespace });
}

async function change(x: Exchange, next: typeof patchedSettings): Promise<void> {
  const body = await readJsonObject(x);
  const changed = x.store.buckets.change(param(x, 'bucket'), (record) => {
    checkBeforeWrite(queryPreconditions(x.query), versioned(record));
    const updated = x.store.timestamp();
    return {
      ...record,
      settings: next(record.settings, body, updated),
      metageneration: record.metageneration + 1,
      updated,
    };
  });
  replyJson(x, bucketResource(changed, x.baseUrl));
}

async function remove(x: Exchange): Promise<void> {
  const conditions = queryPreconditions(x.query);
  await x.store.removeBucket(param(x, 'bucket'), (record) => checkBeforeWrite(conditions, versioned(record)));
  reply(x, 204);
}

/** Buckets have a metageneration only. */
const versioned = ({ metageneration }: BucketRecord) => ({ generation: '0', metageneration });
