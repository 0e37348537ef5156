import { Firestore, type Query } from '@google-cloud/firestore';
import { collectionNames } from '@spillway/pipeline/gcp/collections.ts';
import { withDates } from '@spillway/pipeline/gcp/documents.ts';
import type { GoogleStackFile } from '@spillway/pipeline/stack-file.ts';
import type { Fields, StackDocuments } from './stack-documents.ts';

export function openFirestoreDocuments({
  project,
  firestore: host,
}: Pick<GoogleStackFile, 'project' | 'firestore'>): StackDocuments {
  const firestore = new Firestore({ projectId: project, host, ssl: false });
  return {
    async read(path) {
      const data = (await firestore.doc(path).get()).data();
      return data === undefined ? null : (withDates(data) as Fields);
    },
    async write(path, fields) {
      await firestore.doc(path).set(fields);
    },
    async merge(path, fields) {
      await firestore.doc(path).set(fields, { merge: true });
    },
    list: (collection) => fieldsOf(firestore.collection(collection)),
    async jobs(range) {
      const all = firestore.collection(collectionNames.jobs);
      if (!range) return fieldsOf(all);
      // Production asks for no such range, so no index serves it.
      const { docs } = await all.select(range.field).get();
      const within = docs.filter((snapshot) => {
        const text: unknown = snapshot.get(range.field);
        return typeof text === 'string' && text >= range.from && text <= range.to;
      });
      if (within.length === 0) return [];
      const found = await firestore.getAll(...within.map(({ ref }) => ref));
      return found.flatMap((snapshot) => (snapshot.exists ? [withDates(snapshot.data()) as Fields] : []));
    },
    close: () => firestore.terminate(),
  };
}

async function fieldsOf(query: Query): Promise<Fields[]> {
  const { docs } = await query.get();
  return docs.map((snapshot) => withDates(snapshot.data()) as Fields);
}
