import { StorageError } from './errors.ts';
import { bucketOf, type Exchange, param, replyJson } from './exchange.ts';
import type { RouteTable } from './route-table.ts';

const listPermission = 'storage.objects.list';

/** Everybody may do everything here, but for listing objects in the buckets where that was taken away. */
export function addPermissionRoutes(table: RouteTable): void {
  for (const base of ['/storage/v1', '']) {
    table.add('GET', `${base}/b/:bucket/iam/testPermissions`, testPermissions);
  }
}

function testPermissions(x: Exchange): void {
  x.store.buckets.get(param(x, 'bucket'));
  const permissions = x.query
    .getAll('permissions')
    .filter((permission) => permission !== listPermission || mayList(x));
  replyJson(x, {
    kind: 'storage#testIamPermissionsResponse',
    ...(permissions.length > 0 ? { permissions } : {}),
  });
}

/** Throws a 403 where clients may not list the bucket. */
export function checkMayList(x: Exchange): void {
  if (!mayList(x)) throw noListAccess(`bucket ${bucketOf(x.path)}`);
}

/**
 * What the client is told of a failure. Cloud Storage does not tell a missing object from one that may not be read to a
 * client that may not list the bucket: it answers 403.
 * @see https://cloud.google.com/storage/docs/json_api/v1/status-codes#404-not-found
 */
export function toldTo(x: Exchange, error: StorageError): StorageError {
  const isMissingObject = error.status === 404 && error.xmlCode === 'NoSuchKey';
  return isMissingObject && !mayList(x) ? noListAccess('the Google Cloud Storage object') : error;
}

const mayList = (x: Exchange): boolean => !x.withoutList.has(bucketOf(x.path));

const noListAccess = (to: string): StorageError =>
  new StorageError(
    403,
    'forbidden',
    'AccessDenied',
    `The client does not have ${listPermission} access to ${to}. ` +
      `Permission '${listPermission}' denied on resource (or it may not exist).`,
  );
