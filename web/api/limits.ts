import type { ApiKey } from '@spillway/core/api-keys.ts';
import type { Clock } from '@spillway/pipeline/ports/ports.ts';
import { type Allowance, createAllowances } from './allowances.ts';
import { ProblemError } from './problems.ts';

interface Limit {
  /** What is limited, for a sentence that begins with 'Too many'. */
  what: string;
  /** Of one visitor whose cookie is known. */
  owner: Allowance;
  /** Of all visitors behind one address together, so that a new cookie for each request gains nothing. */
  address: Allowance;
  /** Of all visitors behind one address who show no cookie. A browser always shows one: the page sets it. */
  stranger: Allowance;
}

/**
 * What visitors may do, and how often. A person who drops 500 files at once meets no limit; the page of one who drops
 * more goes on by itself.
 */
export const limits = {
  uploads: {
    what: 'uploads',
    owner: { burst: 500, perMinute: 120 },
    address: { burst: 600, perMinute: 240 },
    stranger: { burst: 120, perMinute: 60 },
  },
  changes: {
    what: 'changes of jobs',
    owner: { burst: 300, perMinute: 120 },
    address: { burst: 600, perMinute: 240 },
    stranger: { burst: 60, perMinute: 30 },
  },
  /** Jobs that one request makes of many pictures. Each costs what an uploaded picture costs. */
  runs: {
    what: 'jobs on pictures that are there',
    owner: { burst: 2_000, perMinute: 480 },
    address: { burst: 4_000, perMinute: 960 },
    stranger: { burst: 60, perMinute: 30 },
  },
  reads: {
    what: 'questions about jobs',
    owner: { burst: 3_000, perMinute: 3_000 },
    address: { burst: 9_000, perMinute: 9_000 },
    stranger: { burst: 600, perMinute: 600 },
  },
  files: {
    what: 'pictures',
    owner: { burst: 1_200, perMinute: 600 },
    address: { burst: 3_600, perMinute: 1_800 },
    stranger: { burst: 60, perMinute: 30 },
  },
  archives: {
    what: 'archives',
    owner: { burst: 20, perMinute: 10 },
    address: { burst: 60, perMinute: 30 },
    stranger: { burst: 10, perMinute: 5 },
  },
  /** A list of a large batch shows a thousand of them while it is scrolled through. */
  thumbnails: {
    what: 'thumbnails',
    owner: { burst: 6_000, perMinute: 3_000 },
    address: { burst: 18_000, perMinute: 9_000 },
    stranger: { burst: 240, perMinute: 120 },
  },
  streams: {
    what: 'new event streams',
    owner: { burst: 20, perMinute: 30 },
    address: { burst: 300, perMinute: 150 },
    stranger: { burst: 60, perMinute: 30 },
  },
} as const satisfies Record<string, Limit>;
export type LimitName = keyof typeof limits;

export interface Visitor {
  owner: string;
  /** True where the request showed no valid cookie: such an owner has no jobs yet. */
  isNew: boolean;
  /** The name of the admin who asks; null for anybody else. */
  admin: string | null;
  /** The network that the request comes from. */
  address: string;
  /** The API key that the request shows; null where a cookie says who asks. */
  key: ApiKey | null;
}

export interface VisitorLimits {
  /** Counts one more of what is limited; throws a problem that says when to come back. Admins are not limited. */
  spend(name: LimitName, visitor: Visitor): void;
  /** Counts so many more, which were done already. What they are too many of is refused from then on. */
  charge(name: LimitName, visitor: Visitor, times: number): void;
  /**
   * Counts a secret that is going to be looked for; throws a problem if this network has shown too many that do not
   * exist. Counted before the search, so that requests of one moment do not all pass.
   */
  trySecret(kind: SecretKind, address: string): void;
  /** Takes the count back: the secret exists, or could not be looked for. */
  forgiveSecret(kind: SecretKind, address: string): void;
}

/** What strangers may try to guess. The words are for a sentence that begins with 'Too many'. */
const wrongSecrets = { key: 'API keys that do not exist', link: 'private links that do not exist' } as const;
export type SecretKind = keyof typeof wrongSecrets;

/** Of one network and kind. Each is looked for in the database. */
const wrongGuesses: Allowance = { burst: 30, perMinute: 6 };

/**
 * Counted in this process: an instance more admits as much again, and no document is written at every request. A key has
 * for itself what a network has, because an admin has given it to a program that is known.
 * Owners and addresses have a table each, since owners can be made up at will and must not push addresses out.
 */
export function createVisitorLimits(clock: Clock): VisitorLimits {
  const byOwner = createAllowances();
  const byAddress = createAllowances();
  return {
    spend(name, visitor) {
      if (visitor.admin !== null) return;
      const { what } = limits[name];
      const now = clock.now();
      const accounts = accountsOf(name, visitor);
      const waits = accounts.map(({ table, key, allowance }) => table.waitMs(key, allowance, now));
      const waitMs = Math.max(...waits);
      if (waitMs > 0) throw tooMany(what, waitMs);
      for (const { table, key, allowance } of accounts) table.spend(key, allowance, now);
    },
    charge(name, visitor, times) {
      if (visitor.admin !== null) return;
      const now = clock.now();
      for (const { table, key, allowance } of accountsOf(name, visitor)) {
        for (let time = 0; time < times; time++) table.spend(key, allowance, now);
      }
    },
    trySecret(kind, address) {
      const now = clock.now();
      const waitMs = byAddress.waitMs(`wrong ${kind} ${address}`, wrongGuesses, now);
      if (waitMs > 0) throw tooMany(wrongSecrets[kind], waitMs);
      byAddress.spend(`wrong ${kind} ${address}`, wrongGuesses, now);
    },
    forgiveSecret: (kind, address) => byAddress.giveBack(`wrong ${kind} ${address}`, wrongGuesses),
  };

  function accountsOf(name: LimitName, { owner, isNew, address, key }: Visitor) {
    const limit = limits[name];
    if (key) return [{ table: byOwner, key: `${name} of key ${key.id}`, allowance: limit.address }];
    return [
      { table: byAddress, key: `${name} ${address}`, allowance: limit.address },
      isNew
        ? { table: byAddress, key: `${name} of strangers ${address}`, allowance: limit.stranger }
        : { table: byOwner, key: `${name} ${owner}`, allowance: limit.owner },
    ];
  }
}

function tooMany(what: string, waitMs: number): ProblemError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
  return new ProblemError(
    'too_many_requests',
    `Too many ${what} in a short time. Try again in ${seconds === 1 ? 'a second' : `${seconds} seconds`}.`,
    { headers: { 'Retry-After': String(seconds) } },
  );
}
