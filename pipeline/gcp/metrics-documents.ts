import { type DocumentSnapshot, FieldPath, type Firestore, Timestamp } from '@google-cloud/firestore';
import type { MetricsDocument, MetricsDocuments, ReadMetrics } from '../ports/rollups.ts';
import { collectionNames } from './collections.ts';
import { codeOf, orOutage } from './outages.ts';

/** gRPC: ALREADY_EXISTS. */
const isThere = 6;
/** gRPC: NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION. */
const changedInBetween = new Set<unknown>([5, 6, 9]);

/** `metrics/` in Firestore. Documents are read by their ids alone, which needs no index. */
export function createFirestoreMetricsDocuments(firestore: Firestore): MetricsDocuments {
  const collection = firestore.collection(collectionNames.metrics);
  return {
    async create({ id, ...data }) {
      try {
        await orOutage('Firestore', collection.doc(id).create(data), 'keep what was counted');
      } catch (error) {
        if (codeOf(error) !== isThere) throw error;
      }
    },
    async between(first, end, limit) {
      const id = FieldPath.documentId();
      const query = collection.where(id, '>=', first).where(id, '<', end).orderBy(id).limit(limit);
      const { docs } = await orOutage('Firestore', query.get(), 'read rollups');
      return docs.flatMap(read);
    },
    async get(ids) {
      if (ids.length === 0) return [];
      const snapshots = await orOutage(
        'Firestore',
        firestore.getAll(...ids.map((id) => collection.doc(id))),
        'read rollups',
      );
      return snapshots.flatMap(read);
    },
    async replace(changes, removed) {
      const batch = firestore.batch();
      for (const { before, next } of changes) {
        const { id, ...data } = next;
        const reference = collection.doc(id);
        if (before) batch.update(reference, data, { lastUpdateTime: before.version as Timestamp });
        else batch.create(reference, data);
      }
      for (const id of removed) batch.delete(collection.doc(id));
      try {
        await orOutage('Firestore', batch.commit(), 'write rollups');
        return true;
      } catch (error) {
        if (changedInBetween.has(codeOf(error))) return false;
        throw error;
      }
    },
  };
}

function read(snapshot: DocumentSnapshot): ReadMetrics[] {
  const content: unknown = snapshot.get('content');
  const expiresAt: unknown = snapshot.get('expiresAt');
  if (typeof content !== 'string' || !snapshot.updateTime) return [];
  const document: MetricsDocument = {
    id: snapshot.id,
    content,
    expiresAt: expiresAt instanceof Timestamp ? expiresAt.toDate() : null,
  };
  return [{ document, version: snapshot.updateTime }];
}
