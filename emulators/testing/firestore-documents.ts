import { Firestore } from '@google-cloud/firestore';
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
    async list(collection, range) {
      const all = firestore.collection(collection);
      const query = range ? all.where(range.field, '>=', range.from).where(range.field, '<=', range.to) : all;
      const { docs } = await query.get();
      return docs.map((snapshot) => withDates(snapshot.data()) as Fields);
    },
    close: () => firestore.terminate(),
  };
}
