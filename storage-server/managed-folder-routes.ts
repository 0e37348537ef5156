import type { ManagedFolder } from './bucket-record.ts';
import { invalid, StorageError, unsupported } from './errors.ts';
import { type Exchange, param, readJsonObject, reply, replyJson } from './exchange.ts';
import { checkObjectName, compareNames } from './names.ts';
import { checkBeforeRead, checkBeforeWrite, queryPreconditions } from './preconditions.ts';
import { flag, pageSize } from './request-values.ts';
import type { RouteTable } from './route-table.ts';

const largestPage = 1000;

/** A bucket's `managedFolders`, which gcloud storage lists with every recursive command. */
export function addManagedFolderRoutes(table: RouteTable): void {
  for (const base of ['/storage/v1', '']) {
    const path = `${base}/b/:bucket/managedFolders`;
    table.add('GET', path, list);
    table.add('POST', path, insert);
    table.add('GET', `${path}/:folder`, get);
    table.add('DELETE', `${path}/:folder`, remove);
    table.add('*', `${path}/:folder/iam`, refuseIam);
    table.add('*', `${path}/:folder/iam/*rest`, refuseIam);
  }
}

function refuseIam(): never {
  throw unsupported('access control on managed folders');
}

const foldersOf = (x: Exchange): ManagedFolder[] =>
  x.store.buckets.get(param(x, 'bucket')).managedFolders ?? [];

function list(x: Exchange): void {
  const prefix = x.query.get('prefix') ?? '';
  const after = x.query.get('pageToken') ?? '';
  const limit = pageSize(x.query, largestPage, 'pageSize');
  const folders = foldersOf(x).filter(({ name }) => name.startsWith(prefix) && compareNames(name, after) > 0);
  const page = folders.slice(0, limit);
  replyJson(x, {
    kind: 'storage#managedFolders',
    ...(page.length > 0 ? { items: page.map((folder) => resource(x, folder)) } : {}),
    ...(folders.length > limit ? { nextPageToken: page.at(-1)?.name } : {}),
  });
}

async function insert(x: Exchange): Promise<void> {
  const name = checkObjectName((await readJsonObject(x)).name);
  if (!name.endsWith('/')) throw invalid(`A managed folder's name ends with a slash: '${name}'`);
  const time = x.store.timestamp();
  const folder: ManagedFolder = { name, metageneration: 1, createTime: time, updateTime: time };
  x.store.buckets.change(param(x, 'bucket'), (record) => {
    const folders = record.managedFolders ?? [];
    if (folders.some((other) => other.name === name)) {
      throw new StorageError(
        409,
        'conflict',
        'Conflict',
        'The managed folder you tried to create already exists.',
      );
    }
    return {
      ...record,
      managedFolders: [...folders, folder].sort((a, b) => compareNames(a.name, b.name)),
    };
  });
  replyJson(x, resource(x, folder));
}

function get(x: Exchange): void {
  const folder = find(x);
  checkBeforeRead(queryPreconditions(x.query), versioned(folder));
  replyJson(x, resource(x, folder));
}

async function remove(x: Exchange): Promise<void> {
  const bucket = param(x, 'bucket');
  const { name } = find(x);
  const [inside] = x.store.records(bucket, name);
  if (inside?.name.startsWith(name) && !flag(x.query, 'allowNonEmpty')) {
    throw new StorageError(
      409,
      'conflict',
      'Conflict',
      'The managed folder you tried to delete is not empty.',
    );
  }
  x.store.buckets.change(bucket, (record) => {
    checkBeforeWrite(queryPreconditions(x.query), versioned(find(x)));
    return {
      ...record,
      managedFolders: record.managedFolders?.filter((folder) => folder.name !== name) ?? [],
    };
  });
  reply(x, 204);
}

function find(x: Exchange): ManagedFolder {
  const named = param(x, 'folder');
  const name = named.endsWith('/') ? named : `${named}/`;
  const found = foldersOf(x).find((folder) => folder.name === name);
  if (!found) throw new StorageError(404, 'notFound', 'NoSuchKey', `No such managed folder: ${name}`);
  return found;
}

function resource(x: Exchange, { metageneration, ...folder }: ManagedFolder) {
  const bucket = param(x, 'bucket');
  return {
    kind: 'storage#managedFolder',
    id: `${bucket}/${folder.name}`,
    selfLink: `${x.baseUrl}/storage/v1/b/${bucket}/managedFolders/${encodeURIComponent(folder.name)}`,
    bucket,
    ...folder,
    metageneration: String(metageneration),
  };
}

/** Managed folders have a metageneration only. */
const versioned = ({ metageneration }: ManagedFolder) => ({ generation: '0', metageneration });
