import type { DocumentSnapshot, Firestore } from '@google-cloud/firestore';
import { type ApiKey, apiKeySchema } from '@spillway/core/api-keys.ts';
import type { ApiKeys } from '../ports/api-keys.ts';
import { collectionNames } from './collections.ts';
import { withDates } from './documents.ts';
import { codeOf, orOutage } from './outages.ts';

const notFound = 5;
const alreadyExists = 6;

/** `apiKeys/` in Firestore. */
export function createFirestoreApiKeys(firestore: Firestore): ApiKeys {
  const collection = firestore.collection(collectionNames.apiKeys);

  async function get(id: string): Promise<ApiKey | null> {
    return read(await orOutage('Firestore', collection.doc(id).get(), 'read an API key'));
  }

  return {
    get,
    async create(key) {
      try {
        await orOutage('Firestore', collection.doc(key.id).create(key), 'keep an API key');
        return true;
      } catch (error) {
        if (codeOf(error) === alreadyExists) return false;
        throw error;
      }
    },
    async list(limit) {
      const query = collection.orderBy('createdAt', 'desc').limit(limit);
      const { docs } = await orOutage('Firestore', query.get(), 'list API keys');
      return docs.flatMap((snapshot) => read(snapshot) ?? []);
    },
    async revoke(id, end) {
      const key = await get(id);
      if (!key || key.revokedAt !== null) return key;
      await orOutage('Firestore', collection.doc(id).update(end), 'revoke an API key');
      return { ...key, ...end };
    },
    async noteUse(id, at) {
      try {
        const change = collection.doc(id).update({ lastUsedAt: at });
        await orOutage('Firestore', change, 'note the use of an API key');
      } catch (error) {
        if (codeOf(error) !== notFound) throw error;
      }
    },
  };
}

function read(snapshot: DocumentSnapshot): ApiKey | null {
  return apiKeySchema.safeParse(withDates(snapshot.data() ?? {})).data ?? null;
}
