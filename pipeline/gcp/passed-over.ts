import type { Firestore } from '@google-cloud/firestore';
import { passedOverSchema } from '@spillway/core/passed-over.ts';
import { idOf, metAgain } from '../passed-over-note.ts';
import type { PassedOverItems } from '../ports/passed-over.ts';
import type { Clock } from '../ports/ports.ts';
import { collectionNames } from './collections.ts';
import { withDates } from './documents.ts';
import { orOutage } from './outages.ts';

/** One call removes no more than this number of documents. */
const removedAtOnce = 100;

/** `passed-over/` in Firestore. */
export function createFirestorePassedOver(firestore: Firestore, clock: Clock): PassedOverItems {
  const collection = firestore.collection(collectionNames.passedOver);
  return {
    async note(note) {
      const document = collection.doc(idOf(note));
      const snapshot = await orOutage('Firestore', document.get(), 'read what was passed over');
      const before = passedOverSchema.safeParse(withDates(snapshot.data() ?? {}));
      const next = metAgain(before.success ? before.data : null, note, clock.now());
      if (next) await orOutage('Firestore', document.set(next), 'note what was passed over');
    },
    async recent(limit) {
      const query = collection.where('expiresAt', '>', clock.now()).orderBy('expiresAt', 'desc').limit(limit);
      const { docs } = await orOutage('Firestore', query.get(), 'list what was passed over');
      return docs.flatMap((snapshot) => {
        const read = passedOverSchema.safeParse(withDates(snapshot.data()));
        return read.success ? [read.data] : [];
      });
    },
    async removeExpired() {
      const query = collection.where('expiresAt', '<', clock.now()).limit(removedAtOnce);
      const { docs } = await orOutage('Firestore', query.get(), 'list what was passed over');
      const removals = docs.map(({ ref }) => ref.delete());
      await orOutage('Firestore', Promise.all(removals), 'forget what was passed over');
    },
  };
}
