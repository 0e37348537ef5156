import type { Firestore } from '@google-cloud/firestore';
import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { sourceSettingsSchema } from '@spillway/core/source-rules.ts';
import type { z } from 'zod';
import type { Clock, Log, Settings } from '../ports/ports.ts';
import { withDates } from './documents.ts';
import { orOutage } from './outages.ts';

/** A change takes effect within this time, in milliseconds. */
const freshMs = 5_000;

/** `settings/routing` and `settings/sources`, kept for a few seconds; one that does not validate is not taken. */
export function createFirestoreSettings(firestore: Firestore, clock: Clock, log: Log): Settings {
  const routing = cached('routing', routingSettingsSchema);
  const sources = cached('sources', sourceSettingsSchema);
  return { routing, sourceRules: async () => (await sources()).rules };

  function cached<Schema extends z.ZodType>(name: string, schema: Schema): () => Promise<z.infer<Schema>> {
    let good = schema.parse({});
    let readAt = Number.NEGATIVE_INFINITY;
    return async () => {
      const now = clock.now().getTime();
      if (now - readAt < freshMs) return good;
      const snapshot = await orOutage('Firestore', firestore.doc(`settings/${name}`).get());
      const parsed = schema.safeParse(withDates(snapshot.data() ?? {}));
      if (parsed.success) good = parsed.data;
      else
        log.error(
          { settings: name, error: parsed.error },
          'Settings do not validate; the last good ones stay.',
        );
      readAt = now;
      return good;
    };
  }
}
