import { addBucketRoutes } from './bucket-routes.ts';
import { addCopyRoutes } from './copy-routes.ts';
import { StorageError } from './errors.ts';
import { type Exchange, replyJson } from './exchange.ts';
import { addManagedFolderRoutes } from './managed-folder-routes.ts';
import { addRoutesNotDone } from './not-done.ts';
import { addNotificationRoutes } from './notification-routes.ts';
import { addObjectRoutes } from './object-routes.ts';
import { addPermissionRoutes } from './permissions.ts';
import { RouteTable } from './route-table.ts';
import { addUploadRoutes } from './upload-routes.ts';
import { addXmlRoutes } from './xml-routes.ts';

/**
 * Every route of the server. The first that fits a request answers it. No bucket's name begins with `_`, so the server's
 * own health is in nobody's way.
 */
export function allRoutes(): RouteTable {
  const table = new RouteTable();
  table.add('GET', '/_health', (x) => replyJson(x, x.store.space.reading()));
  addUploadRoutes(table);
  addNotificationRoutes(table);
  addManagedFolderRoutes(table);
  addCopyRoutes(table);
  addObjectRoutes(table);
  addPermissionRoutes(table);
  addBucketRoutes(table);
  addRoutesNotDone(table);
  table.add('*', '/storage/*rest', unknownRoute);
  table.add('*', '/b/*rest', unknownRoute);
  addXmlRoutes(table);
  return table;
}

/** Throws a 404 that names the request. */
export function unknownRoute(x: Exchange): never {
  throw new StorageError(
    404,
    'notFound',
    'InvalidURI',
    `The local storage server has no route ${x.method} ${x.path}`,
  );
}
