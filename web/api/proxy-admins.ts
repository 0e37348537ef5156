import type { Log } from '@spillway/pipeline/ports/ports.ts';
import { z } from 'zod';
import { type AdminAccess, type Admins, comparable } from './admin-access.ts';
import { ProblemError } from './problems.ts';
import { createProxyKeys, type ProxyKeys } from './proxy-keys.ts';

/** The header that Identity-Aware Proxy signs. It takes what clients send under that name out of their requests. */
export const proxyHeader = 'x-goog-iap-jwt-assertion';

const issuer = 'https://cloud.google.com/iap';
/** Seconds by which clocks may differ, and for which such a header is good at most, as Google documents both. */
const skew = 30;
const mostSeconds = 600 + 2 * skew;
/** Characters. Google's have less than a thousand. */
const longestAssertion = 8_192;

const headSchema = z.object({ alg: z.string(), kid: z.string().max(200) });
const claimsSchema = z.object({
  iss: z.string(),
  aud: z.string(),
  iat: z.number(),
  exp: z.number(),
  /** Of outside identities it has a prefix with a colon, and is then on no list. */
  email: z.string().min(3).max(320),
});
type Claims = z.infer<typeof claimsSchema>;

/** Why a header is not believed. */
type Doubt =
  | 'unreadable'
  | 'algorithm'
  | 'unknown_key'
  | 'issuer'
  | 'audience'
  | 'expired'
  | 'too_early'
  | 'signature';
type Reading = { kind: 'person'; email: string } | { kind: 'doubtful'; why: Doubt };

/**
 * Admins are who Identity-Aware Proxy has let through, if their address is listed. Its header is believed only with a
 * signature for this very service, so that it cannot be made up where the proxy is switched off or gone around.
 * @see https://cloud.google.com/iap/docs/signed-headers-howto
 */
export function createProxyAdmins(
  access: Extract<AdminAccess, { kind: 'proxy' }>,
  log: Log,
  keys: ProxyKeys = createProxyKeys(access.keysUrl),
): Admins {
  const isListed = (email: string) => access.people === 'all' || access.people.has(email);
  return {
    async recognize(c) {
      const assertion = c.req.header(proxyHeader);
      if (assertion === undefined) {
        const detail = 'This page is reached through Identity-Aware Proxy, which has signed nobody in here.';
        return { kind: 'stranger', problem: unproven(detail) };
      }
      const reading = await readAssertion(assertion, access.audience, keys);
      if (reading.kind === 'doubtful') {
        // Neither the header nor what it claims: it may be somebody's good one for another service.
        log.warn(
          { why: reading.why, audience: access.audience },
          'A header of Identity-Aware Proxy was refused.',
        );
        throw unproven('The header of Identity-Aware Proxy does not hold. Reload the page to sign in again.');
      }
      if (isListed(reading.email)) return { kind: 'admin', name: reading.email };
      const problem = new ProblemError(
        'not_admin',
        `${reading.email} is signed in, and is not one of the admins.`,
      );
      return { kind: 'stranger', problem };
    },
  };
}

async function readAssertion(assertion: string, audience: string, keys: ProxyKeys): Promise<Reading> {
  const [head, claims] = parts(assertion);
  if (!head || !claims) return { kind: 'doubtful', why: 'unreadable' };
  // Asked before any key is looked for: `none` needs no key, and HS256 would take the public one for a password.
  if (head.alg !== 'ES256') return { kind: 'doubtful', why: 'algorithm' };
  const pem = await keys.find(head.kid);
  if (pem === null) return { kind: 'doubtful', why: 'unknown_key' };
  const why = doubtIn(claims, audience, Date.now() / 1_000);
  if (why !== null) return { kind: 'doubtful', why };
  // Only sites behind the proxy take the memory of Google's client.
  const { OAuth2Client } = await import('google-auth-library');
  try {
    await new OAuth2Client().verifySignedJwtWithCertsAsync(
      assertion,
      { [head.kid]: pem },
      audience,
      [issuer],
      mostSeconds,
    );
  } catch {
    // The library's messages repeat the header.
    return { kind: 'doubtful', why: 'signature' };
  }
  return { kind: 'person', email: comparable(claims.email) };
}

/** What is wrong with claims, before their signature is looked at; null where nothing is. `now` in seconds. */
function doubtIn(claims: Claims, audience: string, now: number): Doubt | null {
  if (claims.iss !== issuer) return 'issuer';
  if (claims.aud !== audience) return 'audience';
  if (claims.exp + skew < now || claims.exp - claims.iat > mostSeconds) return 'expired';
  return claims.iat - skew > now ? 'too_early' : null;
}

/** Head and claims as they are written, which proves nothing yet. */
function parts(assertion: string): [z.infer<typeof headSchema> | null, Claims | null] {
  const [head, claims, signature, ...more] = assertion.split('.');
  if (!signature || more.length > 0 || assertion.length > longestAssertion) return [null, null];
  return [readPart(head, headSchema), readPart(claims, claimsSchema)];
}

function readPart<Schema extends z.ZodType>(
  text: string | undefined,
  schema: Schema,
): z.infer<Schema> | null {
  try {
    return schema.safeParse(JSON.parse(Buffer.from(text ?? '', 'base64url').toString('utf8'))).data ?? null;
  } catch {
    return null;
  }
}

function unproven(detail: string): ProblemError {
  return new ProblemError('proxy_required', detail, {
    headers: { 'WWW-Authenticate': 'Bearer realm="Spillway admin"' },
  });
}
