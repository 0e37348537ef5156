import type { AuditEntry } from '@spillway/core/audit.ts';
import type { AuditTrail } from '../ports/audit.ts';
import { timePage } from './time-page.ts';

/** What admins did, in this process's memory. */
export function createMemoryAudit(): AuditTrail {
  const documents = new Map<string, AuditEntry>();
  return {
    begin(entry) {
      documents.set(entry.id, entry);
    },
    end(id, outcome, result = null) {
      const entry = documents.get(id);
      if (entry) documents.set(id, { ...entry, outcome, result });
    },
    recent: (limit, cursor) => timePage([...documents.values()], limit, cursor),
  };
}
