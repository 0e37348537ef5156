import type { ApiKey } from '@spillway/core/api-keys.ts';
import type { ApiKeys } from '../ports/api-keys.ts';

/** API keys in this process's memory. */
export function createMemoryApiKeys(): ApiKeys {
  const documents = new Map<string, ApiKey>();
  return {
    create(key) {
      if (documents.has(key.id)) return false;
      documents.set(key.id, key);
      return true;
    },
    get: (id) => documents.get(id) ?? null,
    list(limit) {
      return [...documents.values()]
        .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime())
        .slice(0, limit);
    },
    revoke(id, end) {
      const key = documents.get(id);
      if (!key || key.revokedAt !== null) return key ?? null;
      documents.set(id, { ...key, ...end });
      return { ...key, ...end };
    },
    noteUse(id, lastUsedAt) {
      const key = documents.get(id);
      if (key) documents.set(id, { ...key, lastUsedAt });
    },
  };
}
