import type { AuditEntry, AuditOutcome } from '@spillway/core/audit.ts';
import type { Awaitable } from '@spillway/core/steps.ts';

export interface AuditPage {
  entries: AuditEntry[];
  /** Pass it on to read the following page; null on the last one. */
  cursor: string | null;
}

/** `audit/`: what admins did. All methods throw `OutageError` and `RefusedError`. */
export interface AuditTrail {
  /** Keeps a new entry. */
  begin(entry: AuditEntry): Awaitable<void>;
  /**
   * Keeps how it ended.
   * @param result What came of it, beside the detail that is there; null where the outcome says all.
   */
  end(id: string, outcome: AuditOutcome, result?: string | null): Awaitable<void>;
  /** The latest first. */
  recent(limit: number, cursor: string | null): Awaitable<AuditPage>;
}
