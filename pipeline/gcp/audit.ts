import { FieldPath, type Firestore } from '@google-cloud/firestore';
import { auditEntrySchema } from '@spillway/core/audit.ts';
import type { AuditTrail } from '../ports/audit.ts';
import { decodePlace, encodePlace } from '../time-cursor.ts';
import { collectionNames } from './collections.ts';
import { withDates } from './documents.ts';
import { orOutage } from './outages.ts';

/** `audit/` in Firestore. */
export function createFirestoreAudit(firestore: Firestore): AuditTrail {
  const collection = firestore.collection(collectionNames.audit);
  return {
    async begin(entry) {
      await orOutage('Firestore', collection.doc(entry.id).create(entry), 'keep what an admin does');
    },
    async end(id, outcome) {
      await orOutage('Firestore', collection.doc(id).update({ outcome }), 'keep what an admin did');
    },
    async recent(limit, cursor) {
      const ordered = collection.orderBy('at', 'desc').orderBy(FieldPath.documentId(), 'desc');
      const place = cursor === null ? null : decodePlace(cursor);
      const query = place === null ? ordered : ordered.startAfter(place.at, place.id);
      const { docs } = await orOutage('Firestore', query.limit(limit + 1).get(), 'list what admins did');
      const page = docs.slice(0, limit).flatMap((snapshot) => {
        const read = auditEntrySchema.safeParse(withDates(snapshot.data()));
        return read.success ? [read.data] : [];
      });
      const last = page.at(-1);
      return { entries: page, cursor: last && docs.length > limit ? encodePlace(last) : null };
    },
  };
}
