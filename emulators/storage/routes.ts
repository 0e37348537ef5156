import { addBucketRoutes } from './bucket-routes.ts';
import { addCopyRoutes } from './copy-routes.ts';
import { StorageError } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { addNotificationRoutes } from './notification-routes.ts';
import { addObjectRoutes } from './object-routes.ts';
import { Router } from './router.ts';
import { addUploadRoutes } from './upload-routes.ts';
import { addXmlRoutes } from './xml-routes.ts';

/** Every route of the server. The first that fits a request answers it. */
export function allRoutes(): Router {
  const router = new Router();
  addUploadRoutes(router);
  addNotificationRoutes(router);
  addCopyRoutes(router);
  addObjectRoutes(router);
  addBucketRoutes(router);
  router.add('*', '/storage/*rest', unknownRoute);
  router.add('*', '/b/*rest', unknownRoute);
  router.add('*', '/batch/*rest', unknownRoute);
  addXmlRoutes(router);
  return router;
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
