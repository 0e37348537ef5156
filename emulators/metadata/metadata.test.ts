import { createCallerCheck } from '@spillway/pipeline/callers/check-caller.ts';
import { callerConfigShape } from '@spillway/pipeline/callers/config.ts';
import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { GoogleAuth, OAuth2Client } from 'google-auth-library';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { type Identity, serviceIdentity, vmIdentity } from './identity.ts';
import { keepTokens } from './kept-tokens.ts';
import { startCertificateServer, startMetadataServer } from './server.ts';
import { certificatesOf, createTokenSigner, makeTokenKey, tokenVerifier } from './token-signer.ts';

const project = 'demo-spillway';
const { log } = createMemoryPorts();
const vm = vmIdentity('vm-1', project, 'first');
const service = serviceIdentity('spillway-run', project, 'instance');
const audience = 'https://worker.example/push';

afterEach(() => void vi.unstubAllEnvs());

async function metadataOf(identity: Identity) {
  const key = await makeTokenKey();
  const signer = await createTokenSigner(key);
  const server = await startMetadataServer(identity, { project, signer, log });
  onTestFinished(server.close);
  const get = (path: string, headers: Record<string, string> = { 'metadata-flavor': 'Google' }) =>
    fetch(`http://${server.host}${path}`, { headers });
  return { key, signer, host: server.host, get };
}

describe("a machine's metadata server", () => {
  it('says who the machine is, and in which project', async () => {
    const { get } = await metadataOf(vm);
    const text = async (path: string) => (await get(`/computeMetadata/v1/${path}`)).text();
    expect(await text('instance/name')).toBe('vm-1');
    expect(await text('instance/id')).toMatch(/^\d{19}$/);
    expect(await text('instance/zone')).toBe('projects/123456789012/zones/us-central1-a');
    expect(await text('project/project-id')).toBe(project);
    expect(await text('project/numeric-project-id')).toBe('123456789012');
    expect(await text('instance/service-accounts/default/email')).toBe(vm.account.email);
    expect(await text('instance/service-accounts/')).toBe(`default/\n${vm.account.email}/\n`);
    expect(await (await get('/computeMetadata/v1/project/?recursive=true')).json()).toEqual({
      'project-id': project,
      'numeric-project-id': '123456789012',
    });
  });

  it('has no name for an instance of a service, whose id is one of its own', async () => {
    const { get } = await metadataOf(service);
    expect((await get('/computeMetadata/v1/instance/name')).status).toBe(404);
    expect(await (await get('/computeMetadata/v1/instance/id')).text()).toBe(service.id);
    expect(serviceIdentity('spillway-run', project, 'another').id).not.toBe(service.id);
  });

  it('answers nobody without its header, nor through a proxy, and names its flavour in every answer', async () => {
    const { get } = await metadataOf(vm);
    const path = '/computeMetadata/v1/instance/id';
    const refused = await get(path, {});
    expect([refused.status, refused.headers.get('metadata-flavor')]).toEqual([403, 'Google']);
    const forwarded = await get(path, { 'metadata-flavor': 'Google', 'x-forwarded-for': '10.0.0.1' });
    expect(forwarded.status).toBe(403);
    expect((await get(path)).headers.get('metadata-flavor')).toBe('Google');
    expect((await get('/computeMetadata/v1/instance/nothing')).status).toBe(404);
  });

  it("gives Google's own client an identity token that Google's own verifier takes", async () => {
    const { key, host } = await metadataOf(service);
    vi.stubEnv('GCE_METADATA_HOST', host);
    vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present');
    const client = await new GoogleAuth().getIdTokenClient(audience);
    const headers = new Headers(await client.getRequestHeaders());
    const token = headers.get('authorization')?.replace('Bearer ', '') ?? '';

    const certificates = await startCertificateServer(await certificatesOf(key), log);
    onTestFinished(certificates.close);
    const verifier = new OAuth2Client({
      endpoints: { oauth2FederatedSignonPemCertsUrl: `http://${certificates.host}/oauth2/v1/certs` },
    });
    const ticket = await verifier.verifyIdToken({ idToken: token, audience });
    expect(ticket.getPayload()).toMatchObject({ email: service.account.email, email_verified: true });
    await expect(verifier.verifyIdToken({ idToken: token, audience: 'another' })).rejects.toThrow(/audience/);
  });

  it('gives tokens that programs take for their own, from its account alone, until they expire', async () => {
    const { key, get } = await metadataOf(service);
    const certificates = await startCertificateServer(await certificatesOf(key), log);
    onTestFinished(certificates.close);
    const check = (accounts: string, now = Date.now()) => {
      const config = z.object(callerConfigShape).parse({
        SPILLWAY_CALLER_ACCOUNTS: accounts,
        SPILLWAY_CALL_AUDIENCES: 'https://worker.example',
        SPILLWAY_CALL_CERTIFICATES_URL: `http://${certificates.host}/oauth2/v1/certs`,
      });
      return createCallerCheck(config, log, () => now);
    };
    const tokenFor = async (called: string) => {
      const query = `?audience=${encodeURIComponent(called)}`;
      const answer = await get(`/computeMetadata/v1/instance/service-accounts/default/identity${query}`);
      return { authorization: `Bearer ${await answer.text()}` };
    };
    const { email } = service.account;
    const token = await tokenFor(audience);
    expect(await check(email)(token)).toEqual({ kind: 'welcome' });
    const later = check(email, Date.now() + 2 * 3_600_000);
    expect(await later(token)).toMatchObject({ status: 401, refusal: 'expired' });
    expect(await check(vm.account.email)(token)).toMatchObject({ status: 403, refusal: 'account' });
    const elsewhere = await tokenFor('https://other.example');
    expect(await check(email)(elsewhere)).toMatchObject({ status: 401, refusal: 'audience' });
  });

  it('gives no identity token without an audience', async () => {
    const { get } = await metadataOf(vm);
    const answer = await get('/computeMetadata/v1/instance/service-accounts/default/identity');
    expect(answer.status).toBe(400);
  });
});

describe('a verifier of tokens', () => {
  it('takes those of its key, and says for whom they are', async () => {
    const { key, signer } = await metadataOf(vm);
    const verify = tokenVerifier(await certificatesOf(key));
    const token = await signer.identityToken(vm.account, audience);
    expect(await verify(token)).toEqual({ email: vm.account.email, audience });
  });

  it('takes neither those of another key, nor changed ones, nor nonsense', async () => {
    const { signer } = await metadataOf(vm);
    const verify = tokenVerifier(await certificatesOf(await makeTokenKey()));
    const token = await signer.identityToken(vm.account, audience);
    expect(await verify(token)).toBeNull();
    expect(await verify(token.slice(0, -4))).toBeNull();
    expect(await verify('nonsense')).toBeNull();
  });
});

it('a token is signed once for ten minutes, for each account and audience', async () => {
  let at = 0;
  let signed = 0;
  const kept = keepTokens({ identityToken: async () => `token ${++signed}` }, () => at);
  expect(await kept.identityToken(vm.account, audience)).toBe('token 1');
  expect(await kept.identityToken(vm.account, audience)).toBe('token 1');
  expect(await kept.identityToken(vm.account, 'https://other.example')).toBe('token 2');
  expect(await kept.identityToken(service.account, audience)).toBe('token 3');
  at = 600_000;
  expect(await kept.identityToken(vm.account, audience)).toBe('token 4');
});

it('a token that could not be signed is asked for again', async () => {
  const answers = [Promise.reject(new Error('no key')), Promise.resolve('token')];
  const kept = keepTokens({
    identityToken: () => answers.shift() ?? expect.fail('It was asked for thrice.'),
  });
  await expect(kept.identityToken(vm.account, audience)).rejects.toThrow('no key');
  expect(await kept.identityToken(vm.account, audience)).toBe('token');
});
