import type { AuditEntry } from '@spillway/core/audit.ts';
import type { AuditTrail } from '../ports/audit.ts';
import { decodePlace, encodePlace, type TimePlace } from '../time-cursor.ts';

/** What admins did, in this process's memory. */
export function createMemoryAudit(): AuditTrail {
  const documents = new Map<string, AuditEntry>();
  return {
    begin(entry) {
      documents.set(entry.id, entry);
    },
    end(id, outcome) {
      const entry = documents.get(id);
      if (entry) documents.set(id, { ...entry, outcome });
    },
    recent(limit, cursor) {
      const place = cursor === null ? null : decodePlace(cursor);
      const following = [...documents.values()]
        .sort(latestFirst)
        .filter((entry) => place === null || latestFirst(entry, place) > 0);
      const entries = following.slice(0, limit);
      const last = entries.at(-1);
      return { entries, cursor: last && following.length > limit ? encodePlace(last) : null };
    },
  };
}

function latestFirst(a: TimePlace, b: TimePlace): number {
  return b.at.getTime() - a.at.getTime() || (b.id > a.id ? 1 : b.id < a.id ? -1 : 0);
}
