import { StorageError } from './errors.ts';
import { type Exchange, param, readJsonObject, reply, replyJson } from './exchange.ts';
import { notificationResource, parseNotificationConfig } from './notification-config.ts';
import type { RouteTable } from './route-table.ts';

/** A bucket's `notificationConfigs`: insert, list, get and delete. They cannot be changed, as in Cloud Storage. */
export function addNotificationRoutes(table: RouteTable): void {
  for (const base of ['/storage/v1', '']) {
    const path = `${base}/b/:bucket/notificationConfigs`;
    table.add('POST', path, insert);
    table.add('GET', path, list);
    table.add('GET', `${path}/:id`, (x) => replyJson(x, resource(x, find(x))));
    table.add('DELETE', `${path}/:id`, remove);
  }
}

async function insert(x: Exchange): Promise<void> {
  const body = await readJsonObject(x);
  const bucket = x.store.buckets.change(param(x, 'bucket'), (record) => {
    const config = parseNotificationConfig(body, String(record.nextNotificationId));
    return {
      ...record,
      notificationConfigs: [...record.notificationConfigs, config],
      nextNotificationId: record.nextNotificationId + 1,
    };
  });
  const inserted = bucket.notificationConfigs.at(-1);
  if (inserted) replyJson(x, resource(x, inserted));
}

function list(x: Exchange): void {
  const { notificationConfigs } = x.store.buckets.get(param(x, 'bucket'));
  const items = notificationConfigs.map((config) => resource(x, config));
  replyJson(x, { kind: 'storage#notifications', ...(items.length > 0 ? { items } : {}) });
}

async function remove(x: Exchange): Promise<void> {
  find(x);
  x.store.buckets.change(param(x, 'bucket'), (record) => ({
    ...record,
    notificationConfigs: record.notificationConfigs.filter(({ id }) => id !== param(x, 'id')),
  }));
  reply(x, 204);
}

type Config = Parameters<typeof notificationResource>[1];

const resource = (x: Exchange, config: Config) => notificationResource(param(x, 'bucket'), config, x.baseUrl);

function find(x: Exchange): Config {
  const id = param(x, 'id');
  const found = x.store.buckets
    .get(param(x, 'bucket'))
    .notificationConfigs.find((config) => config.id === id);
  if (!found) throw new StorageError(404, 'notFound', 'NoSuchNotification', `No such notification: ${id}`);
  return found;
}
