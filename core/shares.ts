import { z } from 'zod';
import { instant } from './job.ts';
import { storableText } from './text.ts';

/** Hours that a private link may be valid for. */
export const shortestShareHours = 1;
export const longestShareHours = 30 * 24;

/** Links of one owner that are valid at the same time, at most. */
export const mostShares = 50;

/** What the owner calls the batch: whoever has the link reads it. */
export const shareNameSchema = storableText(400).trim().min(1).max(100);

/** `shares/{id}`: a private link, which shows one batch of one owner to whoever has it. Its token is nowhere. */
export const shareSchema = z.object({
  /** The first 16 digits of the hash: names the link, and finds it. It opens nothing. */
  id: z.string().regex(/^[0-9a-f]{16}$/),
  /** SHA-256 of the token, in hexadecimal. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  owner: z.string().min(1),
  batch: z.string().min(1),
  name: shareNameSchema,
  createdAt: instant,
  validUntil: instant,
  revokedAt: instant.nullable(),
  /** When the document is forgotten, some time after the link's end. */
  expiresAt: instant,
});
export type Share = z.infer<typeof shareSchema>;

export type ShareCondition = 'valid' | 'ended' | 'revoked';

export function conditionOfShare(share: Pick<Share, 'revokedAt' | 'validUntil'>, now: Date): ShareCondition {
  if (share.revokedAt !== null) return 'revoked';
  return share.validUntil <= now ? 'ended' : 'valid';
}

/** Milliseconds for which a link that has ended stays on its owner's list, and says to others that it has ended. */
export const keptShareMs = 7 * 24 * 3_600_000;
