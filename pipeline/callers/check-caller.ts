import { messageOf, OutageError } from '@spillway/core/errors.ts';
import { OAuth2Client } from 'google-auth-library';
import type { Log } from '../ports/ports.ts';
import { keepCertificates } from './certificates.ts';
import type { CallerConfig } from './config.ts';
import { type IdentityToken, readIdentityToken } from './identity-token.ts';

/**
 * Why a call is refused. 401: it has no token that holds and is meant for this program. 403: it has one, of an account
 * that may not call.
 */
const refusals = {
  no_token: { status: 401, why: 'It has no identity token.' },
  unreadable: { status: 401, why: 'Its token is not an identity token.' },
  issuer: { status: 401, why: 'Its token is not from Google.' },
  expired: { status: 401, why: 'Its token has expired.' },
  not_yet_valid: { status: 401, why: 'Its token does not count yet.' },
  audience: { status: 401, why: 'Its token is meant for none of SPILLWAY_CALL_AUDIENCES.' },
  algorithm: { status: 401, why: 'Its token is not signed as Google signs.' },
  signature_removed: {
    status: 401,
    why:
      'Its token has no signature any more. Where Cloud Run lets only its invokers in, it takes signatures away: set ' +
      'SPILLWAY_CALL_SIGNATURES=removed_by_cloud_run then, and never for a service that anybody may call.',
  },
  unknown_key: { status: 401, why: 'Its token is signed with a key that Google does not publish.' },
  signature: { status: 401, why: 'Its token’s signature does not hold.' },
  unverified_account: { status: 403, why: 'Its token does not prove an account.' },
  account: { status: 403, why: 'Its token is of an account that is not among SPILLWAY_CALLER_ACCOUNTS.' },
} as const satisfies Record<string, { status: 401 | 403; why: string }>;
export type Refusal = keyof typeof refusals;

export type CallerVerdict =
  | { kind: 'welcome' }
  | { kind: 'refused'; refusal: Refusal; status: 401 | 403 }
  /** Nobody can tell: the certificates cannot be read. The caller has to come again. */
  | { kind: 'outage'; status: 503 };

/** The headers that carry tokens. */
export interface CallHeaders {
  authorization?: string | undefined;
  'x-serverless-authorization'?: string | undefined;
}

/** Whether a call may be answered. To be asked before anything else of the call is read. */
export type CallerCheck = (headers: CallHeaders) => Promise<CallerVerdict>;

const issuers = ['https://accounts.google.com', 'accounts.google.com'];
/** That of Google's identity tokens. */
const algorithm = 'RS256';
/** By how much Google's clocks and ours may differ, in seconds; as google-auth-library has it. */
const clockSkewSeconds = 300;

/**
 * Checks the identity token of each call: signature, issuer, times, audience, and that it proves one of the accounts
 * that may call. A refusal is one line in the log, which says nothing of what is in the token.
 * @param now Milliseconds since 1970.
 */
export function createCallerCheck(config: CallerConfig, log: Log, now: () => number = Date.now): CallerCheck {
  const verifier = new OAuth2Client();
  const certificates = keepCertificates(config.SPILLWAY_CALL_CERTIFICATES_URL, now);
  const accounts = new Set(config.SPILLWAY_CALLER_ACCOUNTS);
  const isForUs = audienceTest(config.SPILLWAY_CALL_AUDIENCES);

  /** Null where the token holds. */
  async function refusalOf(token: ReturnType<typeof readIdentityToken>): Promise<Refusal | null> {
    if (token === null) return 'no_token';
    if (token === 'unreadable') return 'unreadable';
    const { iss, aud, email, email_verified } = token.claims;
    if (!issuers.includes(iss)) return 'issuer';
    const untimely = untimelyAt(now() / 1_000, token);
    if (untimely) return untimely;
    if (!isForUs(aud)) return 'audience';
    if (token.algorithm !== algorithm) return 'algorithm';
    const unproved = await unprovedSignature(token);
    if (unproved) return unproved;
    if (email === undefined || email_verified !== true) return 'unverified_account';
    return accounts.has(email) ? null : 'account';
  }

  async function unprovedSignature(token: IdentityToken): Promise<Refusal | null> {
    if (token.isSignatureRemoved) {
      return config.SPILLWAY_CALL_SIGNATURES === 'removed_by_cloud_run' ? null : 'signature_removed';
    }
    const known = await certificates();
    if (!Object.hasOwn(known, token.keyId)) return 'unknown_key';
    try {
      await verifier.verifySignedJwtWithCertsAsync(token.text, known, token.claims.aud, issuers);
      return null;
    } catch {
      // The library's messages hold the whole token.
      return 'signature';
    }
  }

  return async (headers) => {
    // Where both are there, Cloud Run has verified this one, and has passed the other on as it came.
    // https://cloud.google.com/run/docs/authenticating/service-to-service
    const token = readIdentityToken(headers['x-serverless-authorization'] ?? headers.authorization);
    try {
      const refusal = await refusalOf(token);
      if (refusal === null) return { kind: 'welcome' };
      const { status, why } = refusals[refusal];
      log.warn({ refusal, status }, `A call was refused. ${why}`);
      return { kind: 'refused', refusal, status };
    } catch (error) {
      if (!(error instanceof OutageError)) throw error;
      log.error({ status: 503 }, `A call has to come again. ${messageOf(error)}`);
      return { kind: 'outage', status: 503 };
    }
  };
}

function untimelyAt(seconds: number, { claims: { iat, exp, nbf = iat } }: IdentityToken): Refusal | null {
  if (seconds > exp + clockSkewSeconds) return 'expired';
  return seconds < Math.max(iat, nbf) - clockSkewSeconds ? 'not_yet_valid' : null;
}

/** Whether a token's audience is one of these, or an address below one of them. */
function audienceTest(audiences: readonly string[]): (audience: string) => boolean {
  const exact = new Set(audiences);
  const addresses = audiences.filter((audience) => /^https?:\/\//.test(audience)).map(addressPattern);
  return (audience) => {
    if (exact.has(audience)) return true;
    if (!URL.canParse(audience)) return false;
    const { origin, pathname } = new URL(audience);
    return addresses.some((pattern) => pattern.test(`${origin}${pathname}`));
  };
}

/** Functions share a host, and differ in their paths. */
function addressPattern(address: string): RegExp {
  const [, origin = '', path = ''] = /^(https?:\/\/[^/?#]+)([^?#]*)/.exec(address) ?? [];
  const host = escaped(origin.toLowerCase()).replaceAll('\\*', '[a-z0-9]+');
  return new RegExp(`^${host}${escaped(path.replace(/\/+$/, ''))}(/|$)`);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
