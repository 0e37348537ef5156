import type { DocumentSnapshot, Firestore } from '@google-cloud/firestore';
import { type Share, shareSchema } from '@spillway/core/shares.ts';
import type { Shares } from '../ports/shares.ts';
import { collectionNames } from './collections.ts';
import { withDates } from './documents.ts';
import { codeOf, orOutage } from './outages.ts';

const alreadyExists = 6;

/** `shares/` in Firestore. */
export function createFirestoreShares(firestore: Firestore): Shares {
  const collection = firestore.collection(collectionNames.shares);

  async function get(id: string): Promise<Share | null> {
    return read(await orOutage('Firestore', collection.doc(id).get(), 'read a private link'));
  }

  return {
    get,
    async create(share) {
      try {
        await orOutage('Firestore', collection.doc(share.id).create(share), 'keep a private link');
        return true;
      } catch (error) {
        if (codeOf(error) === alreadyExists) return false;
        throw error;
      }
    },
    async ofOwner(owner, limit) {
      const query = collection.where('owner', '==', owner).orderBy('createdAt', 'desc').limit(limit);
      const { docs } = await orOutage('Firestore', query.get(), 'list private links');
      return docs.flatMap((snapshot) => read(snapshot) ?? []);
    },
    async revoke(id, end) {
      const share = await get(id);
      if (!share || share.revokedAt !== null) return share;
      await orOutage('Firestore', collection.doc(id).update(end), 'revoke a private link');
      return { ...share, ...end };
    },
    async remove(id) {
      await orOutage('Firestore', collection.doc(id).delete(), 'delete a private link');
    },
  };
}

function read(snapshot: DocumentSnapshot): Share | null {
  return shareSchema.safeParse(withDates(snapshot.data() ?? {})).data ?? null;
}
