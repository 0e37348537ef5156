import { createHash, timingSafeEqual } from 'node:crypto';
import { tokenHolder } from '@spillway/core/audit.ts';
import type { Clock } from '@spillway/pipeline/ports/ports.ts';
import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import type { Admins } from './admin-access.ts';
import { ProblemError } from './problems.ts';
import type { Sessions } from './sessions.ts';
import { createCookieSigner } from './signed-cookies.ts';

export const adminCookie = 'spillway_admin';

/** Seconds. */
const adminLifetime = 12 * 3_600;

export interface TokenAdminOptions {
  secret: string;
  token: string;
  clock: Clock;
  sessions: Sessions;
}

export interface TokenAdmins extends Admins {
  isToken(given: string): boolean;
  /** Makes this browser the admin's for half a day. */
  setCookie(c: Context): void;
}

/** Who knows the token is an admin. Programs send it with each request. Browsers send it once, for a cookie. */
export function createTokenAdmins({ secret, token, clock, sessions }: TokenAdminOptions): TokenAdmins {
  // With the token in the key, a new token ends the sessions of the old one.
  const cookies = createCookieSigner(secret, `admin ${token}`, clock);
  // Hashed first, since a comparison in constant time needs equal lengths.
  const isToken = (given: string) => timingSafeEqual(sha256(given), sha256(token));
  return {
    isToken,
    setCookie(c) {
      const value = cookies.sign(tokenHolder);
      sessions.setCookie(c, { name: adminCookie, value, maxAge: adminLifetime, sameSite: 'Strict' });
    },
    async recognize(c) {
      const bearer = bearerOf(c);
      const known = cookies.verify(getCookie(c, adminCookie), adminLifetime);
      if ((bearer !== null && isToken(bearer)) || known?.subject === tokenHolder) {
        return { kind: 'admin', name: tokenHolder };
      }
      const problem = new ProblemError('admin_required', 'Open the admin address, or send the admin token.', {
        headers: { 'WWW-Authenticate': 'Bearer realm="Spillway admin"' },
      });
      return { kind: 'stranger', problem };
    },
  };
}

/** What follows `Bearer` in the request; null where there is none. */
export function bearerOf(c: Context): string | null {
  return /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? null;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
