import { randomBytes } from 'node:crypto';
import type { Clock } from '@spillway/pipeline/ports/ports.ts';
import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { createCookieSigner } from './signed-cookies.ts';

export const sessionCookie = 'spillway_session';

const day = 24 * 3_600;
/** Seconds. A visitor who comes back within it still finds the own jobs. */
const sessionLifetime = 180 * day;
const sessionRenewedAfter = day;

export interface SessionOptions {
  /** Signs the cookies. Anybody who knows it can pose as any visitor. */
  secret: string;
  clock: Clock;
  /** Origin under which the site is known, where a proxy hides it; null to take it from each request. */
  publicOrigin: string | null;
}

export interface CookieToSet {
  name: string;
  value: string;
  /** Seconds. */
  maxAge: number;
  sameSite: 'Lax' | 'Strict';
  /** The addresses that it is sent to; all of the site without it. */
  path?: string;
}

export interface Sessions {
  /** Who visits; a visitor without a valid cookie becomes a new one. Sets or renews the cookie. */
  visitor(c: Context): { owner: string; isNew: boolean };
  /** Ends the visitor's cookie: whoever comes next with this browser is somebody new. */
  endVisitor(c: Context): void;
  /** Sets a cookie that no script sees, and that goes over TLS only where the site has it. */
  setCookie(c: Context, cookie: CookieToSet): void;
  /** Origin of this site as the browser sees it. */
  siteOrigin(c: Context): string;
}

/**
 * Cookies that name who somebody is, signed so that nobody can name another. The owner id itself is no secret (it
 * is in object names); only its signature admits.
 */
export function createSessions({ secret, clock, publicOrigin }: SessionOptions): Sessions {
  const visitors = createCookieSigner(secret, 'visitor', clock);

  function siteOrigin(c: Context): string {
    if (publicOrigin) return publicOrigin;
    const url = new URL(c.req.url);
    const forwarded = c.req.header('x-forwarded-proto')?.split(',')[0]?.trim();
    return `${forwarded === 'https' ? 'https:' : url.protocol}//${url.host}`;
  }

  function set(c: Context, { name, value, maxAge, sameSite, path = '/' }: CookieToSet): void {
    const secure = siteOrigin(c).startsWith('https:');
    setCookie(c, name, value, { path, httpOnly: true, secure, sameSite, maxAge });
  }

  return {
    siteOrigin,
    setCookie: set,
    endVisitor: (c) => set(c, { name: sessionCookie, value: '', maxAge: 0, sameSite: 'Lax' }),
    visitor(c) {
      const known = visitors.verify(getCookie(c, sessionCookie), sessionLifetime);
      const owner = known?.subject ?? randomBytes(16).toString('hex');
      if (!known || known.age >= sessionRenewedAfter) {
        const value = visitors.sign(owner);
        set(c, { name: sessionCookie, value, maxAge: sessionLifetime, sameSite: 'Lax' });
      }
      return { owner, isNew: known === null };
    },
  };
}
