import { z } from 'zod';
import { invalid, objectNotFound } from './errors.ts';
import { type Exchange, param, readJsonObject, replyJson } from './exchange.ts';
import { checkObjectName } from './names.ts';
import { type ObjectFields, type ObjectVersion, objectFields, objectResource } from './object-version.ts';
import { checkBeforeWrite, type Preconditions, queryPreconditions } from './preconditions.ts';
import { parsed } from './request-values.ts';
import type { RouteTable } from './route-table.ts';

const mostSources = 32;

/** Copies within the server: `rewriteTo`, which is always done in one step here, `copyTo`, `moveTo` and `compose`. */
export function addCopyRoutes(table: RouteTable): void {
  for (const base of ['/storage/v1', '']) {
    const source = `${base}/b/:bucket/o/:object`;
    table.add('POST', `${source}/rewriteTo/b/:toBucket/o/:toObject`, async (x) => {
      const { resource, version } = await copy(x);
      const size = String(version.size);
      replyJson(x, {
        kind: 'storage#rewriteResponse',
        totalBytesRewritten: size,
        objectSize: size,
        done: true,
        resource,
      });
    });
    table.add('POST', `${source}/copyTo/b/:toBucket/o/:toObject`, async (x) =>
      replyJson(x, (await copy(x)).resource),
    );
    table.add('POST', `${source}/moveTo/o/:toObject`, move);
    table.add('POST', `${source}/compose`, compose);
  }
}

async function copy(x: Exchange) {
  const from = { bucket: param(x, 'bucket'), name: checkObjectName(param(x, 'object')) };
  const to = { bucket: param(x, 'toBucket'), name: checkObjectName(param(x, 'toObject')) };
  const body = await readJsonObject(x);
  const source = x.store.get(from.bucket, from.name, x.query.get('sourceGeneration'));
  x.store.buckets.get(to.bucket);
  checkBeforeWrite(queryPreconditions(x.query, 'Source'), source);
  const staged = await x.store.stage(to.bucket, bytesOf(x, [source]));
  const { componentCount } = source;
  const version = await x.store.put(
    {
      ...to,
      fields: copiedFields(source.fields, objectFields(body)),
      conditions: queryPreconditions(x.query),
      ...(componentCount === undefined ? {} : { componentCount }),
    },
    staged,
  );
  return { version, resource: objectResource(to.bucket, to.name, version, x.baseUrl) };
}

/** A move keeps all metadata, and takes the source away once the new object is there. */
async function move(x: Exchange): Promise<void> {
  const bucket = param(x, 'bucket');
  const name = checkObjectName(param(x, 'object'));
  const to = checkObjectName(param(x, 'toObject'));
  if (to === name) throw invalid('The source and the destination of a move are the same object.');
  const source = x.store.get(bucket, name);
  checkBeforeWrite(queryPreconditions(x.query, 'Source'), source);
  const { fields, componentCount } = source;
  const count = componentCount === undefined ? {} : { componentCount };
  const conditions = queryPreconditions(x.query);
  const staged = await x.store.stage(bucket, bytesOf(x, [source]));
  const version = await x.store.put({ bucket, name: to, fields, conditions, ...count }, staged);
  await x.store.remove(bucket, name, null, { ifGenerationMatch: source.generation });
  replyJson(x, objectResource(bucket, to, version, x.baseUrl));
}

/** A copy keeps the source's metadata, unless the request brings its own, which then replaces all of it. */
function copiedFields(source: ObjectFields, given: ObjectFields): ObjectFields {
  const { storageClass, ...metadata } = given;
  const fields = Object.keys(metadata).length > 0 ? metadata : source;
  return storageClass ? { ...fields, storageClass } : fields;
}

const composeSchema = z.object({
  sourceObjects: z
    .array(
      z.object({
        name: z.string(),
        generation: z.coerce.string().optional(),
        objectPreconditions: z.object({ ifGenerationMatch: z.coerce.string().optional() }).optional(),
      }),
    )
    .min(1)
    .max(mostSources),
  destination: z.record(z.string(), z.unknown()).default({}),
});
type SourceObject = z.infer<typeof composeSchema>['sourceObjects'][number];

async function compose(x: Exchange): Promise<void> {
  const bucket = param(x, 'bucket');
  const name = checkObjectName(param(x, 'object'));
  const body = await readJsonObject(x);
  const { sourceObjects, destination } = parsed(composeSchema, body);
  const versions = sourceObjects.map((source) => composeSource(x, bucket, source));
  const staged = await x.store.stage(bucket, bytesOf(x, versions));
  const conditions = queryPreconditions(x.query);
  const componentCount = versions.reduce((sum, version) => sum + (version.componentCount ?? 1), 0);
  const fields = objectFields(destination);
  const version = await x.store.put({ bucket, name, fields, conditions, componentCount }, staged);
  replyJson(x, objectResource(bucket, name, version, x.baseUrl));
}

function composeSource(x: Exchange, bucket: string, source: SourceObject): ObjectVersion {
  const name = checkObjectName(source.name);
  const version = x.store.find(bucket, name, source.generation ?? null);
  if (!version) throw objectNotFound(bucket, name);
  const expected = source.objectPreconditions?.ifGenerationMatch;
  const conditions: Preconditions = expected === undefined ? {} : { ifGenerationMatch: expected };
  checkBeforeWrite(conditions, version);
  return version;
}

export async function* bytesOf(x: Exchange, versions: ObjectVersion[]): AsyncGenerator<Buffer> {
  for (const version of versions) {
    const bytes = await x.store.bytesOf(version);
    if (Buffer.isBuffer(bytes)) yield bytes;
    else yield* bytes as AsyncIterable<Buffer>;
  }
}
