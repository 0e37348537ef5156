import type { Context } from 'hono';
import type { ProblemError } from './problems.ts';

/** What a request shows of an admin. */
export type Recognition =
  /** The name under which the admin's actions are kept: an e-mail address, or `token`. */
  { kind: 'admin'; name: string } | { kind: 'stranger'; problem: ProblemError };

/** Tells admins from everybody else. */
export interface Admins {
  /** Throws a problem where the request claims what it cannot prove, and where it cannot be told at the moment. */
  recognize(c: Context): Promise<Recognition>;
}

/** How admins are told, as the configuration says. */
export type AdminAccess =
  /** Nobody is an admin here. */
  | { kind: 'closed' }
  /** A person or program that knows the token is one. */
  | { kind: 'token'; token: string }
  /** Who Identity-Aware Proxy says it is. */
  | {
      kind: 'proxy';
      audience: string;
      /** E-mail addresses in lower case; `all`: everybody that the proxy lets through. */
      people: ReadonlySet<string> | 'all';
      keysUrl: string;
    };
