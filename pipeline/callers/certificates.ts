import { singleFlight } from '@spillway/core/background.ts';
import { messageOf, OutageError } from '@spillway/core/errors.ts';
import { OAuth2Client } from 'google-auth-library';
import { z } from 'zod';

/** Certificates or public keys in PEM, by the key's id. */
type Certificates = Readonly<Record<string, string>>;

/** However soon they expire, they are not asked for again before that. Milliseconds. */
const keptAtLeastMs = 60_000;
/** The client tries three times to read them, each time for so long. Milliseconds. */
const timeoutMs = 2_000;
/** For so long after a failure no other try is made, and all calls share its outcome. Milliseconds. */
const pauseMs = 1_000;

const certificatesSchema = z.record(z.string(), z.string());

/**
 * The certificates that identity tokens are signed with, kept as long as their server allows. Google publishes a new one
 * long before it signs with it, so a token with an unknown key is no reason to ask again: no caller can make this
 * program ask more often.
 * @param address Where they are published.
 * @param now Milliseconds since 1970.
 * @throws OutageError where there are none that have not expired, and none can be had.
 */
export function keepCertificates(address: string, now: () => number): () => Promise<Certificates> {
  let kept: { certificates: Certificates; until: number } | null = null;
  let failure: { error: OutageError; until: number } | null = null;

  const asking = singleFlight(async () => {
    try {
      // A new client each time: a client has a cache of its own, and does not say how old what it gives is.
      const client = new OAuth2Client({
        endpoints: { oauth2FederatedSignonPemCertsUrl: address },
        transporterOptions: { timeout: timeoutMs },
      });
      const { certs, res } = await client.getFederatedSignonCertsAsync();
      const certificates = certificatesSchema.parse(certs);
      kept = {
        certificates,
        until: now() + Math.max(keptAtLeastMs, freshMsOf(res?.headers ?? new Headers())),
      };
      return certificates;
    } catch (error) {
      const why = `The certificates of identity tokens cannot be read: ${messageOf(error)}`;
      failure = { error: new OutageError(why, { cause: error }), until: now() + pauseMs };
      throw failure.error;
    }
  });

  return async () => {
    if (kept && now() < kept.until) return kept.certificates;
    if (failure && now() < failure.until) throw failure.error;
    return asking.run();
  };
}

/** How long an answer may be kept, in milliseconds. https://www.rfc-editor.org/rfc/rfc9111#section-4.2 */
function freshMsOf(headers: Headers): number {
  const [, seconds = '0'] = /\bmax-age=(\d+)/i.exec(headers.get('cache-control') ?? '') ?? [];
  const age = Number(headers.get('age') ?? 0);
  return (Number(seconds) - (Number.isFinite(age) ? age : 0)) * 1_000;
}
