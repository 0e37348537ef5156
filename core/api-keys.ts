import { z } from 'zod';
import { instant } from './job.ts';
import { webObjectName, whyIgnored } from './object-names.ts';
import { storableText } from './text.ts';

/** What a key may do: open uploads; read jobs, results and events; retry, cancel and delete jobs; read `/metrics`. */
export const apiKeyScopes = ['upload', 'read', 'change', 'metrics'] as const;
export const apiKeyScopeSchema = z.enum(apiKeyScopes);
export type ApiKeyScope = z.infer<typeof apiKeyScopeSchema>;

/**
 * Whose the jobs of a key are. The name becomes the first folder of what the key uploads, so it has to be one; the ids
 * of visitors, which look like random hexadecimal digits, are not for keys.
 */
export const keyOwnerSchema = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._@+-]{0,99}$/u, {
    error: 'has 1 to 100 letters, digits, spaces and . _ @ + -, and begins with a letter or a digit',
    abort: true,
  })
  .refine((owner) => !/^[0-9a-f]{32}$/.test(owner), 'is the id of a visitor')
  .refine((owner) => whyIgnored(webObjectName(owner, 'upload', 'a.jpg')) === null, 'is reserved');

export const keyNameSchema = storableText(400).trim().min(1).max(100);

/** Days that a key may be valid for, at most. */
export const longestValidDays = 730;

/** `apiKeys/{id}`. The key itself is nowhere. */
export const apiKeySchema = z.object({
  /** The first 16 digits of the hash: names the key to people, and finds it. */
  id: z.string().regex(/^[0-9a-f]{16}$/),
  /** SHA-256 of the key's text, in hexadecimal. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** What the admin calls it. */
  name: keyNameSchema,
  owner: keyOwnerSchema,
  scopes: z.array(apiKeyScopeSchema).min(1),
  createdAt: instant,
  createdBy: z.string(),
  validUntil: instant,
  /** Written seldom: it may be some minutes old. */
  lastUsedAt: instant.nullable(),
  revokedAt: instant.nullable(),
  revokedBy: z.string().nullable(),
  /** When the document is forgotten, some time after the key's end. */
  expiresAt: instant,
});
export type ApiKey = z.infer<typeof apiKeySchema>;

export type KeyCondition = 'valid' | 'expired' | 'revoked';

export function conditionOf(key: Pick<ApiKey, 'revokedAt' | 'validUntil'>, now: Date): KeyCondition {
  if (key.revokedAt !== null) return 'revoked';
  return key.validUntil <= now ? 'expired' : 'valid';
}

/** Milliseconds for which a key that has ended stays on the dashboard's list. */
export const keptKeyMs = 90 * 24 * 3_600_000;
