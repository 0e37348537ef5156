import { setImmediate as nextTurn } from 'node:timers/promises';
import { StorageError } from './errors.ts';
import { type DeletionRule, deletionRules, isMet } from './lifecycle-rules.ts';
import { type ObjectRecord, versionsOf } from './object-record.ts';
import type { Store } from './store.ts';

/** Records that are looked at before other requests have their turn. */
const slice = 100;

/**
 * Deletes what the rules of all buckets say, as a client would: with notifications, and with soft delete where a bucket has
 * it. Other requests go on in between.
 * @param isClosed Whether the store is no longer to be used.
 */
export async function applyLifecycle(store: Store, isClosed: () => boolean): Promise<void> {
  for (const bucket of store.buckets.names()) {
    const rules = deletionRules(store.buckets.find(bucket)?.settings ?? {});
    if (rules.length > 0) await deleteIn(bucket, rules, store, isClosed);
    if (isClosed()) return;
  }
}

async function deleteIn(
  bucket: string,
  rules: DeletionRule[],
  store: Store,
  isClosed: () => boolean,
): Promise<void> {
  let looked = 0;
  for (const record of store.records(bucket, '')) {
    await deleteVersions(record, rules, store);
    if (++looked % slice === 0) await nextTurn();
    if (isClosed()) return;
  }
}

/** A live version in a bucket with versions becomes a noncurrent one, which the rules find the next time. */
async function deleteVersions(record: ObjectRecord, rules: DeletionRule[], store: Store): Promise<void> {
  const { bucket, name, live } = record;
  for (const { generation, timeCreated } of versionsOf(record)) {
    if (!rules.some((rule) => isMet(rule, name, timeCreated, store.now()))) continue;
    const isLive = generation === live?.generation;
    const conditions = isLive ? { ifGenerationMatch: generation } : {};
    await store.remove(bucket, name, isLive ? null : generation, conditions).catch(unlessChanged);
  }
}

/** Somebody may have deleted or replaced the version since its record was read. */
function unlessChanged(error: unknown): void {
  if (!(error instanceof StorageError && [404, 412].includes(error.status))) throw error;
}
