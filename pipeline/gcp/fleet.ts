import type { Firestore } from '@google-cloud/firestore';
import { controlSchema, heartbeatSchema, type Worker } from '@spillway/core/heartbeat.ts';
import type { Fleet } from '../ports/fleet.ts';
import type { Log } from '../ports/ports.ts';
import { withDates } from './documents.ts';
import { orOutage } from './outages.ts';

/** `workers/` and `controls/` in Firestore. */
export function createFirestoreFleet(firestore: Firestore, log: Log): Fleet {
  const workers = firestore.collection('workers');
  const controls = firestore.collection('controls');
  return {
    async read() {
      const { docs, readTime } = await orOutage('Firestore', workers.get());
      const valid: Worker[] = [];
      for (const snapshot of docs) {
        const heartbeat = heartbeatSchema.safeParse(withDates(snapshot.data()));
        // Both times are Firestore's, so no clock of a worker's or ours can make a heartbeat look young.
        const ageMs = readTime.toMillis() - snapshot.updateTime.toMillis();
        if (heartbeat.success) valid.push({ ...heartbeat.data, ageMs });
      }
      const malformed = docs.length - valid.length;
      if (malformed > 0) log.warn({ malformed }, 'Heartbeats that do not validate were ignored.');
      return { workers: valid, malformed };
    },
    async beat(heartbeat) {
      await orOutage('Firestore', workers.doc(heartbeat.id).set(heartbeat));
    },
    async removeExpired(now) {
      const { docs } = await orOutage('Firestore', workers.where('expiresAt', '<', now).limit(100).get());
      await orOutage('Firestore', Promise.all(docs.map(({ ref }) => ref.delete())));
    },
    async control(worker) {
      const snapshot = await orOutage('Firestore', controls.doc(worker).get());
      return controlSchema.parse(snapshot.data() ?? {});
    },
    async setControl(worker, control) {
      await orOutage('Firestore', controls.doc(worker).set(control));
    },
    watch(onChange, onError) {
      const stop = workers.onSnapshot((snapshot) => {
        const changed = snapshot.docChanges().filter(({ type }) => type !== 'removed');
        const heartbeats = changed.map(({ doc }) => heartbeatSchema.safeParse(withDates(doc.data())));
        onChange(heartbeats.flatMap(({ success, data }) => (success ? [data] : [])));
      }, onError);
      return { stop };
    },
  };
}
