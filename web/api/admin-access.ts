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

/**
 * An e-mail address as it is compared: Latin letters in lower case. The lower case of some other letters is a letter of
 * another person's address, as it is of the sign for kelvins.
 */
export function comparable(email: string): string {
  return email.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
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
      /** E-mail addresses as `comparable` makes them; `all`: everybody that the proxy lets through. */
      people: ReadonlySet<string> | 'all';
      keysUrl: string;
    };
