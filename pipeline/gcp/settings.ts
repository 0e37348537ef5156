import type { Firestore } from '@google-cloud/firestore';
import { lastGoodSettings } from '../last-good-settings.ts';
import type { Clock, Log, Settings } from '../ports/ports.ts';
import { collectionNames } from './collections.ts';
import { withDates } from './documents.ts';
import { orOutage } from './outages.ts';

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
  return lastGoodSettings(
    {
      async read(name) {
        const snapshot = await orOutage('Firestore', document(name).get(), `read settings/${name}`);
        return withDates(snapshot.data() ?? {});
      },
      async writeRouting(data) {
        await orOutage('Firestore', document('routing').set(data));
      },
    },
    clock,
    log,
    onInvalid,
  );
}
