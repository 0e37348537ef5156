import type { ApiKey } from '@spillway/core/api-keys.ts';
import { fingerprintOf, newKeyText } from './key-text.ts';

/** A key, and its text. */
export function makeKey(now: Date, change: Partial<ApiKey> = {}): { text: string; key: ApiKey } {
  const text = newKeyText();
  const validUntil = new Date(now.getTime() + 90 * 24 * 3_600_000);
  const key: ApiKey = {
    ...fingerprintOf(text),
    name: 'Camera',
    owner: 'garden',
    scopes: ['upload', 'read', 'change'],
    createdAt: now,
    createdBy: 'ann@example.com',
    validUntil,
    lastUsedAt: null,
    revokedAt: null,
    revokedBy: null,
    expiresAt: new Date(validUntil.getTime() + 1),
    ...change,
  };
  return { text, key };
}
