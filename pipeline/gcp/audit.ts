import { FieldPath, type Firestore } from '@google-cloud/firestore';
import { auditEntrySchema } from '@spillway/core/audit.ts';
import type { AuditTrail } from '../ports/audit.ts';
import { collectionNames } from './collections.ts';
import { orOutage } from './outages.ts';
import { readTimePage } from './time-page.ts';

/** `audit/` in Firestore. */
export function createFirestoreAudit(firestore: Firestore): AuditTrail {
  const collection = firestore.collection(collectionNames.audit);
  return {
    async begin(entry) {
      await orOutage('Firestore', collection.doc(entry.id).create(entry), 'keep what an admin does');
    },
    async end(id, outcome, result = null) {
      await orOutage('Firestore', collection.doc(id).update({ outcome, result }), 'keep what an admin did');
    },
    recent(limit, cursor) {
      const ordered = collection.orderBy('at', 'desc').orderBy(FieldPath.documentId(), 'desc');
      return readTimePage(ordered, auditEntrySchema, limit, cursor, 'list what admins did');
    },
  };
}
