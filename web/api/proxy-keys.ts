import { messageOf, OutageError } from '@spillway/core/errors.ts';
import { z } from 'zod';

/** Where Google publishes them. @see https://cloud.google.com/iap/docs/signed-headers-howto */
export const googleProxyKeys = 'https://www.gstatic.com/iap/verify/public_key';

/** PEM by key id. */
const keysSchema = z.record(z.string(), z.string().startsWith('-----BEGIN PUBLIC KEY-----'));

/** All in milliseconds. */
const limits = {
  /** For one download. */
  patience: 5_000,
  /** Between two downloads, whatever is asked for and however they end. */
  pause: 10_000,
  /** How long keys are kept that come without a `max-age`. */
  kept: 600_000,
  /** The longest time that keys are kept, whatever their `max-age`. */
  longestKept: 24 * 3_600_000,
} as const;
/** Bytes. Google's list has about a kilobyte. */
const largestList = 65_536;

/** The public keys with which the proxy's signatures are checked. */
export interface ProxyKeys {
  /** The key with that id as PEM; null where there is none. Throws `OutageError` where the keys cannot be had. */
  find(id: string): Promise<string | null>;
}

/**
 * Downloads the keys when they are first asked for, and keeps them for as long as their `Cache-Control` says. A key that
 * is not among them may be a new one, so they are downloaded again for it; nobody can make that happen more than once in
 * ten seconds, and not twice at the same time.
 */
export function createProxyKeys(url: string, now: () => number = Date.now): ProxyKeys {
  let keys: Readonly<Record<string, string>> = {};
  let keptUntil = Number.NEGATIVE_INFINITY;
  let asked = Number.NEGATIVE_INFINITY;
  let failure: OutageError | null = null;
  let download: Promise<void> | null = null;

  async function renew(): Promise<void> {
    asked = now();
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(limits.patience) });
      if (!response.ok) throw new Error(`It answered ${response.status}.`);
      keys = keysSchema.parse(JSON.parse(await readAtMost(response, largestList)));
      keptUntil = now() + lifetimeOf(response.headers.get('cache-control'));
      failure = null;
    } catch (error) {
      failure = new OutageError(`The keys of Identity-Aware Proxy cannot be read: ${messageOf(error)}`);
    }
  }

  return {
    async find(id) {
      const isFresh = () => now() < keptUntil;
      if (!isFresh() || !Object.hasOwn(keys, id)) {
        if (download === null && now() - asked >= limits.pause) {
          download = renew().finally(() => {
            download = null;
          });
        }
        await download;
      }
      // What is too old to be believed may have been withdrawn.
      if (!isFresh()) throw failure ?? new OutageError('The keys of Identity-Aware Proxy are too old.');
      return Object.hasOwn(keys, id) ? (keys[id] ?? null) : null;
    },
  };
}

/** Milliseconds that an answer may be kept. */
function lifetimeOf(cacheControl: string | null): number {
  const seconds = /(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,;])/i.exec(cacheControl ?? '')?.[1];
  const kept = seconds === undefined ? limits.kept : Number(seconds) * 1_000;
  return Math.min(Math.max(kept, limits.pause), limits.longestKept);
}

async function readAtMost(response: Response, bytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > bytes) throw new Error('The list is too long.');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
