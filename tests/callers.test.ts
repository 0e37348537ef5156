import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeSigningKey, signedToken, withSignature } from '@spillway/pipeline/testing/forged-tokens.ts';
import { expect, inject, it } from 'vitest';

const stack = inject('stack');
const logs = inject('logs');

/** An identity token of the site's account, which may call none of these, from the site's own metadata server. */
async function siteToken(audience: string): Promise<string> {
  const path = '/computeMetadata/v1/instance/service-accounts/default/identity';
  const address = `http://${stack.metadataHosts.web}${path}?audience=${encodeURIComponent(audience)}`;
  return (await fetch(address, { headers: { 'metadata-flavor': 'Google' } })).text();
}

/** Tokens that no called program may take, and how each is answered. */
async function strangersTo(address: string): Promise<[token: string | null, status: number][]> {
  const token = await siteToken(address);
  const [header = {}, claims = {}] = token
    .split('.')
    .slice(0, 2)
    .map((part): object => JSON.parse(Buffer.from(part, 'base64url').toString()));
  const allowed = { ...claims, email: `spillway-scheduler@${stack.project}.iam.gserviceaccount.com` };
  const own = makeSigningKey('own');
  return [
    [null, 401],
    ['nonsense', 401],
    [token, 403],
    [await siteToken('https://elsewhere.example/'), 401],
    [signedToken(own, allowed), 401],
    [signedToken(own, allowed, header), 401],
    [withSignature('', allowed, { ...header, alg: 'none' }), 401],
    [withSignature('SIGNATURE_REMOVED_BY_GOOGLE', allowed, header), 401],
    [token.slice(0, -8), 401],
  ];
}

const call = (address: string, token: string | null) =>
  fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: '{}',
  });

async function refusalsOfFunctions(): Promise<string[]> {
  const names = (await readdir(logs)).filter((name) => name.startsWith('functions'));
  const texts = await Promise.all(names.map((name) => readFile(join(logs, name), 'utf8')));
  return texts
    .join('\n')
    .split('\n')
    .filter((line) => line.includes('A call was refused'));
}

it('functions answer nobody but Eventarc and the scheduler, who are never refused, and log no token', async () => {
  const { route, routeWeb, sweep, findLost } = stack.called;
  // The scheduler has called, and uploads of other tests were routed.
  expect(await refusalsOfFunctions()).toEqual([]);
  const sent: string[] = [];
  for (const address of [route, routeWeb, sweep, findLost]) {
    for (const [token, status] of await strangersTo(address)) {
      const answer = await call(address, token);
      expect([token, answer.status]).toEqual([token, status]);
      sent.push(token ?? '');
    }
    expect((await fetch(new URL('/health', address))).status).toBe(200);
  }
  // One line for each reason, because a stranger must not fill the log.
  await expect
    .poll(async () => (await refusalsOfFunctions()).map((line) => JSON.parse(line).refusal).sort())
    .toEqual([
      'account',
      'algorithm',
      'audience',
      'no_token',
      'signature',
      'signature_removed',
      'unknown_key',
      'unreadable',
    ]);
  const said = (await refusalsOfFunctions()).join('\n');
  const parts = sent.flatMap((token) => token.split('.')).filter((part) => part.length > 8);
  expect(parts.filter((part) => part !== 'SIGNATURE_REMOVED_BY_GOOGLE' && said.includes(part))).toEqual([]);
});

it('the front of the Cloud Run worker lets nobody in but the pusher', async () => {
  const { worker } = stack.called;
  const statuses: number[] = [];
  const strangers = await strangersTo(worker);
  for (const [token] of strangers) statuses.push((await call(worker, token)).status);
  // Without a token Cloud Run itself answers 403.
  expect(statuses).toEqual(strangers.map(([token, status]) => (token === null ? 403 : status)));
});
