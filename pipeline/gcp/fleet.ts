import { type Firestore, type QueryDocumentSnapshot, Timestamp } from '@google-cloud/firestore';
import {
  type Control,
  controlSchema,
  heartbeatSchema,
  readHeartbeat,
  type Worker,
} from '@spillway/core/heartbeat.ts';
import type { Fleet } from '../ports/fleet.ts';
import type { Log } from '../ports/ports.ts';
import type { StoreClock } from '../store-clock.ts';
import { collectionNames } from './collections.ts';
import { withDates } from './documents.ts';
import { codeOf, orOutage } from './outages.ts';

/** gRPC: NOT_FOUND, FAILED_PRECONDITION. */
const changedOrGone = new Set<unknown>([5, 9]);

/** `workers/` and `controls/` in Firestore. */
export function createFirestoreFleet(firestore: Firestore, clock: StoreClock, log: Log): Fleet {
  const collection = firestore.collection(collectionNames.workers);
  const controls = firestore.collection(collectionNames.controls);
  return {
    async read() {
      const { docs, readTime } = await orOutage('Firestore', collection.get(), 'read heartbeats');
      clock.answered(readTime.toDate());
      const workers: Worker[] = [];
      for (const snapshot of docs) {
        // Both times are Firestore's, so that no wrong clock of a machine makes a heartbeat look young.
        const ageMs = readTime.toMillis() - snapshot.updateTime.toMillis();
        const read = readHeartbeat(withDates(snapshot.data()), ageMs, readTime.toDate());
        if (read.kind === 'worker') workers.push(read.worker);
        else log.warn({ worker: snapshot.id, why: read.kind }, 'A heartbeat was ignored.');
      }
      return { workers, readAt: readTime.toDate(), ignored: docs.length - workers.length };
    },
    async beat(heartbeat) {
      await orOutage('Firestore', collection.doc(heartbeat.id).set(heartbeat), 'write a heartbeat');
    },
    async removeExpired() {
      const expired = collection.where('expiresAt', '<', clock.now()).limit(100);
      const { docs, readTime } = await orOutage('Firestore', expired.get(), 'list expired heartbeats');
      clock.answered(readTime.toDate());
      const removals = docs
        .filter((snapshot) => isBefore(snapshot.get('expiresAt'), readTime))
        .map((snapshot) => removeUnchanged(snapshot));
      await orOutage('Firestore', Promise.all(removals), 'forget expired heartbeats');
    },
    async control(worker) {
      const snapshot = await orOutage('Firestore', controls.doc(worker).get(), 'read a control');
      return controlSchema.parse(withDates(snapshot.data() ?? {}));
    },
    async controls() {
      const [drained, paused] = await orOutage(
        'Firestore',
        Promise.all([controls.where('drain', '==', true).get(), controls.orderBy('pause.since').get()]),
        'read controls',
      );
      const wanted = new Map<string, Control>();
      for (const snapshot of [...drained.docs, ...paused.docs]) {
        const control = controlSchema.safeParse(withDates(snapshot.data()));
        if (control.success) wanted.set(snapshot.id, control.data);
      }
      return wanted;
    },
    async changeControl(worker, change) {
      await orOutage('Firestore', controls.doc(worker).set(change, { mergeFields: Object.keys(change) }));
    },
    watch(onChange, onError) {
      const stop = collection.onSnapshot((snapshot) => {
        const changed = snapshot.docChanges().filter(({ type }) => type !== 'removed');
        const heartbeats = changed.map(({ doc }) => heartbeatSchema.safeParse(withDates(doc.data())));
        onChange(heartbeats.flatMap(({ success, data }) => (success ? [data] : [])));
      }, onError);
      return { stop };
    },
  };
}

function isBefore(time: unknown, limit: Timestamp): boolean {
  return time instanceof Timestamp && time.toMillis() < limit.toMillis();
}

/** A worker may beat again at this moment. A heartbeat that was written since the read stays. */
async function removeUnchanged({ ref, updateTime }: QueryDocumentSnapshot): Promise<void> {
  try {
    await ref.delete({ lastUpdateTime: updateTime });
  } catch (error) {
    if (!changedOrGone.has(codeOf(error))) throw error;
  }
}
