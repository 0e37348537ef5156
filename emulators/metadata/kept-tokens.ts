import type { TokenSigner } from './token-signer.ts';

/** A token is given again for a sixth of the hour for which it holds. Milliseconds. */
const keptMs = 600_000;

/**
 * Gives the token of an account for an audience again while it is fresh, as Pub/Sub does: to sign one takes as much
 * processor time as all else of a push.
 * @see https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 */
export function keepTokens(signer: TokenSigner, now: () => number = () => performance.now()): TokenSigner {
  const kept = new Map<string, { token: Promise<string>; until: number }>();
  return {
    identityToken(account, audience) {
      const key = JSON.stringify([account, audience]);
      const known = kept.get(key);
      if (known && known.until > now()) return known.token;
      const token = signer.identityToken(account, audience);
      kept.set(key, { token, until: now() + keptMs });
      // What could not be signed is not kept.
      token.catch(() => kept.delete(key));
      return token;
    },
  };
}
