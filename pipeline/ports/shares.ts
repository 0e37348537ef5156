import type { Share } from '@spillway/core/shares.ts';
import type { Awaitable } from '@spillway/core/steps.ts';

/** `shares/`. All methods throw `OutageError` and `RefusedError`. A document that is not valid is no link. */
export interface Shares {
  /** False where there is one with that id already. */
  create(share: Share): Awaitable<boolean>;
  get(id: string): Awaitable<Share | null>;
  /** The newest first. */
  ofOwner(owner: string, limit: number): Awaitable<Share[]>;
  /** Ends a link, once; returns it as it is then, and null where there is none. */
  revoke(id: string, end: { revokedAt: Date; expiresAt: Date }): Awaitable<Share | null>;
  /** It is no error where there is none. */
  remove(id: string): Awaitable<void>;
}
