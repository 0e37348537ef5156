import { describe, expect, it } from 'vitest';
import { accountOf } from './metadata/identity.ts';
import { certificatesOf, createTokenSigner, makeTokenKey, tokenVerifier } from './metadata/token-signer.ts';
import { onlyInvoker } from './run-invocation.ts';

const origin = 'http://127.0.0.1:9090';
const pusher = accountOf('spillway-pusher', 'demo-spillway');

async function front() {
  const key = await makeTokenKey();
  const check = onlyInvoker(pusher.email, origin, tokenVerifier(await certificatesOf(key)));
  const statusOf = async (authorization?: string) => {
    const invocation = await check(authorization);
    return invocation.kind === 'refused' ? invocation.status : 200;
  };
  return { signer: await createTokenSigner(key), check, statusOf };
}

describe('the front of the Cloud Run stand-in', () => {
  it("lets the invoker in whose token is for the service, or for an address below the service's", async () => {
    const { signer, statusOf } = await front();
    for (const audience of [origin, `${origin}/push`]) {
      expect(await statusOf(`Bearer ${await signer.identityToken(pusher, audience)}`)).toBe(200);
    }
  });

  it('takes the signature away from the token that it passes on', async () => {
    const { signer, check } = await front();
    const token = await signer.identityToken(pusher, origin);
    const [header, claims] = token.split('.');
    const authorization = `Bearer ${header}.${claims}.SIGNATURE_REMOVED_BY_GOOGLE`;
    expect(await check(`Bearer ${token}`)).toEqual({ kind: 'let_in', authorization });
  });

  it('answers 403 without a token, and to another account', async () => {
    const { signer, statusOf } = await front();
    expect(await statusOf()).toBe(403);
    expect(await statusOf('Basic cHVzaGVy')).toBe(403);
    const other = accountOf('spillway-web', 'demo-spillway');
    expect(await statusOf(`Bearer ${await signer.identityToken(other, origin)}`)).toBe(403);
  });

  it('answers 401 to a token for another service, and to one that does not hold', async () => {
    const { signer, statusOf } = await front();
    const elsewhere = await signer.identityToken(pusher, 'https://other.example/');
    expect(await statusOf(`Bearer ${elsewhere}`)).toBe(401);
    const stranger = await createTokenSigner(await makeTokenKey());
    expect(await statusOf(`Bearer ${await stranger.identityToken(pusher, origin)}`)).toBe(401);
    expect(await statusOf('Bearer nonsense')).toBe(401);
  });
});
