import { z } from 'zod';
import { instant } from './job.ts';
import { mostIndexedBytes, storableText } from './text.ts';

/** The name under which is kept what somebody does with the admin token: nothing tells its holders apart. */
export const tokenHolder = 'token';

/** An admin in words: an e-mail address, or that it was the token. */
export function adminWords(name: string): string {
  return name === tokenHolder ? 'somebody with the admin token' : name;
}

export const adminActions = [
  'change_settings',
  'change_sources',
  'undo_settings',
  'pause_run',
  'resume_run',
  'drain_worker',
  'end_drain',
  'resume_worker',
  'retry_job',
  'rerun_job',
  'cancel_job',
  'delete_job',
  'retry_jobs',
  'cancel_jobs',
  'delete_jobs',
  'replay_letter',
  'discard_letter',
  'retry_batch',
  'cancel_batch',
  'rerun_batch',
  'delete_batch',
  'create_key',
  'revoke_key',
] as const;
export type AdminAction = (typeof adminActions)[number];

/** `begun`: it was cut off before its end was kept, so it may have been done or not. */
export const auditOutcomes = ['begun', 'done', 'refused'] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];

/** Bytes of UTF-8. */
export const longestDetail = 4_000;

/** `audit/{id}`: something that an admin did. It is written before it is done, so that nothing is done unseen. */
export const auditEntrySchema = z.object({
  id: z.string().min(1).max(100),
  at: instant,
  /** An e-mail address, or `token`. */
  by: storableText(mostIndexedBytes),
  /** One of `adminActions`; a later version may write others. */
  action: storableText(100),
  /** The id of the job, worker or key; for settings, their document. */
  subject: storableText(mostIndexedBytes),
  /** What was wanted of it; null where the action says all. */
  detail: storableText(longestDetail).nullable(),
  outcome: z.enum(auditOutcomes),
  /** What came of it, for what is done to many things; null where the outcome says all. */
  result: storableText(longestDetail).nullable().default(null),
  expiresAt: instant,
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

/** Milliseconds: as long as Google keeps its own logs of what admins do. */
export const keptAuditMs = 400 * 24 * 3_600_000;
