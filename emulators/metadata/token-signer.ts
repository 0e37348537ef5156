import { randomUUID } from 'node:crypto';
import {
  createLocalJWKSet,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  jwtVerify,
  SignJWT,
} from 'jose';

/** The issuer of identity tokens. @see https://cloud.google.com/docs/authentication/token-types#id-contents */
const issuer = 'https://accounts.google.com';
/** @see https://cloud.google.com/docs/authentication/token-types#identity-tokens */
const validSeconds = 3_600;
const algorithm = 'RS256';

/** An account that tokens are signed for. */
export interface Account {
  email: string;
  /** Google's number for it, which is `sub` and `azp` in its tokens. */
  uniqueId: string;
}

export interface TokenSigner {
  /** An identity token of the account, as Google signs them: `Authorization: Bearer …` for a service at `audience`. */
  identityToken(account: Account, audience: string): Promise<string>;
}

/** Public keys in both forms in which Google publishes its own. */
export interface Certificates {
  /** As at https://www.googleapis.com/oauth2/v3/certs. */
  jwks: JSONWebKeySet;
  /**
   * By key id, as at https://www.googleapis.com/oauth2/v1/certs. Google's entries are X.509 certificates. These are the
   * plain public keys of such, which verifiers take as well.
   */
  pems: Record<string, string>;
}

/**
 * A new key pair as text (a private JWK), for the environment of the parts that stand in for Google's infrastructure.
 * No program of Spillway's own may have it.
 */
export async function makeTokenKey(): Promise<string> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return JSON.stringify({ ...(await exportJWK(privateKey)), kid: randomUUID(), alg: algorithm, use: 'sig' });
}

/** @param key As `makeTokenKey` makes it. */
export async function createTokenSigner(key: string): Promise<TokenSigner> {
  const jwk = JSON.parse(key) as JWK;
  const privateKey = await importJWK(jwk, algorithm);
  return {
    identityToken({ email, uniqueId }, audience) {
      return new SignJWT({ azp: uniqueId, email, email_verified: true })
        .setProtectedHeader({ alg: algorithm, kid: jwk.kid ?? '', typ: 'JWT' })
        .setIssuer(issuer)
        .setSubject(uniqueId)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime(`${validSeconds}s`)
        .sign(privateKey);
    },
  };
}

/** The public half of a key, for those that verify tokens. */
export async function certificatesOf(key: string): Promise<Certificates> {
  const { kty, n, e, kid = '', alg, use } = JSON.parse(key) as JWK;
  const jwk = { kty, n, e, kid, alg, use } as JWK;
  const publicKey = await importJWK(jwk, algorithm, { extractable: true });
  if (!('type' in publicKey)) throw new Error('The key of the metadata server is not an RSA key.');
  return { jwks: { keys: [jwk] }, pems: { [kid]: await exportSPKI(publicKey) } };
}

/** What a verified identity token says. */
export interface VerifiedToken {
  email: string;
  audience: string;
}

/**
 * Verifies identity tokens: their signature, issuer and times. Null for one that does not hold. Who the token is for,
 * and whether its account may call, is for the caller to decide.
 */
export function tokenVerifier({ jwks }: Certificates): (token: string) => Promise<VerifiedToken | null> {
  const keys = createLocalJWKSet(jwks);
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys, { issuer, algorithms: [algorithm] });
      const { email, aud } = payload;
      return typeof email === 'string' && typeof aud === 'string' ? { email, audience: aud } : null;
    } catch {
      // Whatever is wrong with it, the token does not hold.
      return null;
    }
  };
}
