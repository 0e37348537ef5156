import { timingSafeEqual } from 'node:crypto';
import { type ApiKey, conditionOf } from '@spillway/core/api-keys.ts';
import { messageOf } from '@spillway/core/errors.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { fingerprintOf, isWholeKey } from './key-text.ts';
import type { VisitorLimits } from './limits.ts';
import { ProblemError } from './problems.ts';

/** Milliseconds for which a key that was read is believed. A revoked one ends within this time. */
const believedMs = 30_000;
/** Milliseconds between two notes of a key's use, by one instance of this program. */
const usesNotedMs = 600_000;
const mostRemembered = 1_000;

/** API keys as requests show them. */
export interface Keyring {
  /** The key, which is valid; throws a problem where it is not. `address`: the network that shows it. */
  open(text: string, address: string): Promise<ApiKey>;
  /** Whether the key is valid still, for what goes on after its request was let in. */
  isValid(id: string): Promise<boolean>;
}

/**
 * Finds keys by their hash, and remembers those that exist for half a minute, so that not every request reads the
 * database. Who shows keys that do not exist may do so only now and then, since each is looked for.
 */
export function createKeyring(
  { apiKeys, clock, log }: Pick<Ports, 'apiKeys' | 'clock' | 'log'>,
  limits: Pick<VisitorLimits, 'trySecret' | 'forgiveSecret'>,
): Keyring {
  const remembered = new Map<string, { key: ApiKey; readAt: number }>();
  /** Requests of one key that come together share one reading, and count as one try. */
  const readings = new Map<string, Promise<ApiKey | null>>();

  async function find(id: string): Promise<ApiKey | null> {
    const known = remembered.get(id);
    if (known && clock.now().getTime() - known.readAt < believedMs) return known.key;
    const reading = readings.get(id) ?? read(id).finally(() => readings.delete(id));
    readings.set(id, reading);
    return reading;
  }

  async function read(id: string): Promise<ApiKey | null> {
    const now = clock.now().getTime();
    const key = await apiKeys.get(id);
    remembered.delete(id);
    return key && remember({ ...key }, now);
  }

  /** Looks for a key that this process does not know, which a network may do only now and then with wrong ones. */
  async function findNew(id: string, address: string): Promise<ApiKey | null> {
    limits.trySecret('key', address);
    let isWrong = false;
    try {
      const key = await find(id);
      isWrong = key === null;
      return key;
    } finally {
      if (!isWrong) limits.forgiveSecret('key', address);
    }
  }

  function remember(key: ApiKey, readAt: number): ApiKey {
    for (const oldest of remembered.keys()) {
      if (remembered.size < mostRemembered) break;
      remembered.delete(oldest);
    }
    remembered.set(key.id, { key, readAt });
    return key;
  }

  /** A request does not fail because its use could not be noted. */
  async function noteUse(key: ApiKey): Promise<void> {
    const now = clock.now();
    if (key.lastUsedAt !== null && now.getTime() - key.lastUsedAt.getTime() < usesNotedMs) return;
    // Before the write, so that requests that come at the same time do not write as well.
    key.lastUsedAt = now;
    try {
      await apiKeys.noteUse(key.id, now);
    } catch (error) {
      log.warn({ key: key.id }, `The use of an API key could not be noted: ${messageOf(error)}`);
    }
  }

  return {
    async open(text, address) {
      if (!isWholeKey(text)) {
        throw invalid('The API key is not complete, or has a typing error: its checksum does not fit.');
      }
      const { id, hash } = fingerprintOf(text);
      const isNew = !remembered.has(id) && !readings.has(id);
      const key = await (isNew ? findNew(id, address) : find(id));
      if (!key || !timingSafeEqual(Buffer.from(key.hash), Buffer.from(hash))) {
        log.warn({ address }, 'A request came with an API key that does not exist.');
        throw invalid('There is no such API key.');
      }
      const condition = conditionOf(key, clock.now());
      switch (condition) {
        case 'valid':
          await noteUse(key);
          return key;
        case 'expired':
          throw invalid(`The API key ended at ${key.validUntil.toISOString()}. Ask an admin for another.`);
        case 'revoked':
          throw invalid('The API key was revoked. Ask an admin for another.');
        default:
          return condition satisfies never;
      }
    },
    async isValid(id) {
      const key = await find(id);
      return key !== null && conditionOf(key, clock.now()) === 'valid';
    },
  };
}

function invalid(detail: string): ProblemError {
  return new ProblemError('invalid_key', detail, {
    headers: { 'WWW-Authenticate': 'Bearer realm="Spillway", error="invalid_token"' },
  });
}
