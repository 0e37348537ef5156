import { type Firestore, Timestamp } from '@google-cloud/firestore';
import type { Leases } from '../ports/ports.ts';
import { collectionNames } from './collections.ts';
import { codeOf, orOutage } from './outages.ts';

const lostToAnother = new Set<unknown>([6, 9]);

/** `leases/` in Firestore, judged by Firestore's clock. */
export function createFirestoreLeases(firestore: Firestore): Leases {
  return {
    async endOf(name) {
      const snapshot = await orOutage(
        'Firestore',
        firestore.collection(collectionNames.leases).doc(name).get(),
      );
      const end = snapshot.get('expiresAt');
      return end instanceof Timestamp ? end.toDate() : null;
    },
    async acquire(name, holder, ttlMs) {
      const reference = firestore.collection(collectionNames.leases).doc(name);
      const snapshot = await orOutage('Firestore', reference.get());
      const nowMs = snapshot.readTime.toMillis();
      const held = snapshot.get('expiresAt');
      const free = !(held instanceof Timestamp) || held.toMillis() <= nowMs;
      if (!free && snapshot.get('holder') !== holder) return false;
      const lease = { holder, expiresAt: Timestamp.fromMillis(nowMs + ttlMs) };
      const write = snapshot.updateTime
        ? reference.update(lease, { lastUpdateTime: snapshot.updateTime })
        : reference.create(lease);
      try {
        await orOutage('Firestore', write);
        return true;
      } catch (error) {
        if (!lostToAnother.has(codeOf(error))) throw error;
        // A write whose reply was lost is refused when the client repeats it, though it took effect.
        const current = await orOutage('Firestore', reference.get());
        return current.get('holder') === holder && lease.expiresAt.isEqual(current.get('expiresAt'));
      }
    },
  };
}
