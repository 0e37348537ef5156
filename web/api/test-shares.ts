import type { Share } from '@spillway/core/shares.ts';
import { fingerprintOf, newShareToken } from './key-text.ts';

/** A private link, and its token. */
export function makeShare(now: Date, change: Partial<Share> = {}): { token: string; share: Share } {
  const token = newShareToken();
  const validUntil = new Date(now.getTime() + 24 * 3_600_000);
  const share: Share = {
    ...fingerprintOf(token),
    owner: 'ann',
    batch: 'holiday',
    name: 'Holiday',
    createdAt: now,
    validUntil,
    revokedAt: null,
    expiresAt: new Date(validUntil.getTime() + 1),
    ...change,
  };
  return { token, share };
}
