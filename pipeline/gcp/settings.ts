import { FieldPath, type Firestore } from '@google-cloud/firestore';
import { settingsEntrySchema } from '@spillway/core/settings-history.ts';
import { lastGoodSettings } from '../last-good-settings.ts';
import type { Clock, Log, Settings } from '../ports/ports.ts';
import { collectionNames } from './collections.ts';
import { withDates } from './documents.ts';
import { orOutage } from './outages.ts';
import { readTimePage } from './time-page.ts';

/**
 * `settings/` in Firestore.
 * @param onInvalid See `lastGoodSettings`.
 */
export function createFirestoreSettings(
  firestore: Firestore,
  clock: Clock,
  log: Log,
  onInvalid: (document: string, problem: string) => void,
): Settings {
  const document = (name: string) => firestore.doc(`${collectionNames.settings}/${name}`);
  const changes = firestore.collection(collectionNames.settingsHistory);
  return lastGoodSettings(
    {
      async read(name) {
        const snapshot = await orOutage('Firestore', document(name).get(), `read settings/${name}`);
        return withDates(snapshot.data() ?? {});
      },
      async write(name, data, entry) {
        const batch = firestore.batch().set(document(name), data).create(changes.doc(entry.id), entry);
        await orOutage('Firestore', batch.commit(), `change settings/${name}`);
      },
      async history(name, limit, cursor) {
        const ordered = changes
          .where('document', '==', name)
          .orderBy('at', 'desc')
          .orderBy(FieldPath.documentId(), 'desc');
        return readTimePage(ordered, settingsEntrySchema, limit, cursor, 'list changes of settings');
      },
      async historyEntry(id) {
        const snapshot = await orOutage('Firestore', changes.doc(id).get(), 'read a change of settings');
        const entry = settingsEntrySchema.safeParse(withDates(snapshot.data() ?? {}));
        return entry.success ? entry.data : null;
      },
    },
    clock,
    log,
    onInvalid,
  );
}
