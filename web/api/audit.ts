import { randomUUID } from 'node:crypto';
import { type AdminAction, type AuditOutcome, keptAuditMs, longestDetail } from '@spillway/core/audit.ts';
import type { Job } from '@spillway/core/job.ts';
import { shownText } from '@spillway/core/text.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import type { Visitor } from './limits.ts';
import { ProblemError } from './problems.ts';

export interface AdminDeed {
  action: AdminAction;
  /** The id of what it is done to. */
  subject: string;
  detail?: string;
}

/**
 * Does what an admin wants, and keeps who wanted it. The entry is written first: where it cannot be written, nothing is
 * done. `by` is null for a visitor who does it to what is the visitor's own, which is nobody else's business.
 */
export async function audited<Value>(
  ports: Pick<Ports, 'audit' | 'clock' | 'log'>,
  by: string | null,
  deed: AdminDeed,
  act: () => Promise<Value>,
): Promise<Value> {
  if (by === null) return act();
  const { audit, clock, log } = ports;
  const { action, subject } = deed;
  const detail = deed.detail === undefined ? null : shownText(deed.detail, longestDetail);
  const id = randomUUID();
  const at = clock.now();
  const expiresAt = new Date(at.getTime() + keptAuditMs);
  await audit.begin({ id, at, by, action, subject, detail, outcome: 'begun', result: null, expiresAt });

  /** The deed itself is done or refused by now, and its answer must not depend on this. */
  async function end(outcome: AuditOutcome): Promise<void> {
    log.info({ by, action, subject, detail, outcome }, 'An admin has acted.');
    try {
      await audit.end(id, outcome);
    } catch (error) {
      log.warn({ error, audit: id, outcome }, 'How the act of an admin ended could not be kept.');
    }
  }

  try {
    const value = await act();
    await end('done');
    return value;
  } catch (error) {
    // After any other error nobody knows whether it was done: the entry stays as it is.
    if (error instanceof ProblemError) await end('refused');
    throw error;
  }
}

/** Under which admin's name a change of the job is kept; null where the job is the visitor's own. */
export function actingAdmin({ admin, owner }: Visitor, job: Job): string | null {
  return job.owner === owner ? null : admin;
}
