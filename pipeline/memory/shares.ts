import type { Share } from '@spillway/core/shares.ts';
import type { Shares } from '../ports/shares.ts';

/** Private links in this process's memory. */
export function createMemoryShares(): Shares {
  const documents = new Map<string, Share>();
  return {
    create(share) {
      if (documents.has(share.id)) return false;
      documents.set(share.id, share);
      return true;
    },
    get: (id) => documents.get(id) ?? null,
    ofOwner(owner, limit) {
      return [...documents.values()]
        .filter((share) => share.owner === owner)
        .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime())
        .slice(0, limit);
    },
    revoke(id, end) {
      const share = documents.get(id);
      if (!share || share.revokedAt !== null) return share ?? null;
      documents.set(id, { ...share, ...end });
      return { ...share, ...end };
    },
    remove: (id) => void documents.delete(id),
  };
}
