import type { Firestore } from '@google-cloud/firestore';
import { controlSchema, heartbeatSchema, readHeartbeat, type Worker } from '@spillway/core/heartbeat.ts';
import type { Fleet } from '../ports/fleet.ts';
import type { Log } from '../ports/ports.ts';
import { withDates } from './documents.ts';
import { orOutage } from './outages.ts';

/** `workers/` and `controls/` in Firestore. */
export function createFirestoreFleet(firestore: Firestore, log: Log): Fleet {
  const collection = firestore.collection('workers');
  const controls = firestore.collection('controls');
  return {
    async read() {
      const { docs, readTime } = await orOutage('Firestore', collection.get(), 'read heartbeats');
      const workers: Worker[] = [];
      for (const snapshot of docs) {
        // Both times are Firestore's, so no clock of a worker's or ours can make a heartbeat look young.
        const ageMs = readTime.toMillis() - snapshot.updateTime.toMillis();
        const read = readHeartbeat(withDates(snapshot.data()), ageMs, readTime.toDate());
        if (read.kind === 'worker') workers.push(read.worker);
        else log.warn({ worker: snapshot.id, why: read.kind }, 'A heartbeat was ignored.');
      }
      return { workers, ignored: docs.length - workers.length };
    },
    async beat(heartbeat) {
      await orOutage('Firestore', collection.doc(heartbeat.id).set(heartbeat), 'write a heartbeat');
    },
    async removeExpired(now) {
      const { docs } = await orOutage('Firestore', collection.where('expiresAt', '<', now).limit(100).get());
      await orOutage('Firestore', Promise.all(docs.map(({ ref }) => ref.delete())));
    },
    async control(worker) {
      const snapshot = await orOutage('Firestore', controls.doc(worker).get(), 'read a control');
      return controlSchema.parse(withDates(snapshot.data() ?? {}));
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
