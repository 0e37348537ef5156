import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@spillway/pipeline/ports/ports.ts';
import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

export const sessionCookie = 'spillway_session';
export const adminCookie = 'spillway_admin';

const day = 24 * 3_600;
/** Seconds. A visitor who comes back within it still finds the own jobs. */
const sessionLifetime = 180 * day;
const sessionRenewedAfter = day;
const adminLifetime = day / 2;
/** The name for everybody who has the admin token. */
const tokenHolder = 'admin';

export interface SessionOptions {
  /** Signs the cookies. Anybody who knows it can pose as any visitor. */
  secret: string;
  adminToken: string;
  clock: Clock;
  /** Origin under which the site is known, where a proxy hides it; null to take it from each request. */
  publicOrigin: string | null;
}

export interface Sessions {
  /** Who visits; a visitor without a valid cookie becomes a new one. Sets or renews the cookie. */
  visitor(c: Context): { owner: string; isNew: boolean };
  /** Who the admin is that sends the request, by the name under which changes are kept; null where it is none. */
  admin(c: Context): string | null;
  isAdminToken(token: string): boolean;
  setAdminCookie(c: Context): void;
  /** Origin of this site as the browser sees it. */
  siteOrigin(c: Context): string;
}

/**
 * Cookies that name who somebody is, signed so that nobody can name another. The owner id itself is no secret (it
 * is in object names); only its signature admits.
 */
export function createSessions({ secret, adminToken, clock, publicOrigin }: SessionOptions): Sessions {
  const visitors = createSigner(deriveKey(secret, 'visitor'), clock);
  // With the token in the key, a new token ends the sessions of the old one.
  const admins = createSigner(deriveKey(secret, `admin ${adminToken}`), clock);

  function siteOrigin(c: Context): string {
    if (publicOrigin) return publicOrigin;
    const url = new URL(c.req.url);
    const forwarded = c.req.header('x-forwarded-proto')?.split(',')[0]?.trim();
    return `${forwarded === 'https' ? 'https:' : url.protocol}//${url.host}`;
  }

  function set(c: Context, name: string, value: string, maxAge: number, sameSite: 'Lax' | 'Strict'): void {
    const secure = siteOrigin(c).startsWith('https:');
    setCookie(c, name, value, { path: '/', httpOnly: true, secure, sameSite, maxAge });
  }

  function isAdminToken(token: string): boolean {
    // Hashed first, since a comparison in constant time needs equal lengths.
    return timingSafeEqual(sha256(token), sha256(adminToken));
  }

  return {
    siteOrigin,
    isAdminToken,
    visitor(c) {
      const known = visitors.verify(getCookie(c, sessionCookie), sessionLifetime);
      const owner = known?.subject ?? randomBytes(16).toString('hex');
      if (!known || known.age >= sessionRenewedAfter) {
        set(c, sessionCookie, visitors.sign(owner), sessionLifetime, 'Lax');
      }
      return { owner, isNew: known === null };
    },
    admin(c) {
      // The only place that tells admins apart. Everybody with the token is the same person to us; a proxy that knows
      // people, such as Identity-Aware Proxy, would be asked here.
      const bearer = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
      if (bearer !== undefined && isAdminToken(bearer)) return tokenHolder;
      const known = admins.verify(getCookie(c, adminCookie), adminLifetime);
      return known?.subject === tokenHolder ? tokenHolder : null;
    },
    setAdminCookie(c) {
      set(c, adminCookie, admins.sign(tokenHolder), adminLifetime, 'Strict');
    },
  };
}

/** `subject.issued.signature`: the time of issue is signed too, so that a cookie cannot outlive its time. */
function createSigner(key: Buffer, clock: Clock) {
  const seconds = () => Math.floor(clock.now().getTime() / 1_000);
  const signature = (text: string) => createHmac('sha256', key).update(text).digest();
  return {
    sign(subject: string): string {
      const text = `${subject}.${seconds()}`;
      return `${text}.${signature(text).toString('base64url')}`;
    },
    verify(value: string | undefined, lifetime: number): { subject: string; age: number } | null {
      const [, subject, issued, given] =
        /^([0-9a-z]{1,64})\.(\d{1,12})\.([\w-]{43})$/.exec(value ?? '') ?? [];
      if (subject === undefined || issued === undefined || given === undefined) return null;
      const expected = signature(`${subject}.${issued}`);
      if (!timingSafeEqual(expected, Buffer.from(given, 'base64url'))) return null;
      const age = seconds() - Number(issued);
      return age <= lifetime ? { subject, age } : null;
    },
  };
}

/** One key a purpose, so that a visitor's cookie can never pass for an admin's. */
function deriveKey(secret: string, purpose: string): Buffer {
  return createHmac('sha256', secret).update(purpose).digest();
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
