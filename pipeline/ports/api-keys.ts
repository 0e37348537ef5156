import type { ApiKey } from '@spillway/core/api-keys.ts';
import type { Awaitable } from '@spillway/core/steps.ts';

/** `apiKeys/`. All methods throw `OutageError` and `RefusedError`. A document that is not valid is no key. */
export interface ApiKeys {
  /** False where there is one with that id already. */
  create(key: ApiKey): Awaitable<boolean>;
  get(id: string): Awaitable<ApiKey | null>;
  /** The newest first. */
  list(limit: number): Awaitable<ApiKey[]>;
  /** Ends a key, once; returns it as it is then, and null where there is none. */
  revoke(
    id: string,
    end: Pick<ApiKey, 'revokedBy' | 'expiresAt'> & { revokedAt: Date },
  ): Awaitable<ApiKey | null>;
  /** Keeps when the key was used last; a key that is gone stays gone. */
  noteUse(id: string, at: Date): Awaitable<void>;
}
