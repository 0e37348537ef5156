import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import {
  type CertificateAnswer,
  makeSigningKey,
  signedToken,
  signedWithPublicKey,
  startCertificates,
  withSignature,
} from '../testing/forged-tokens.ts';
import { type CallHeaders, createCallerCheck } from './check-caller.ts';
import { callerConfigShape } from './config.ts';

const google = makeSigningKey('google-1');
const stranger = makeSigningKey('stranger-1');
const audience = 'https://spillway-route-123.us-central1.run.app';
const caller = 'spillway-events@demo.iam.gserviceaccount.com';
const functions = 'https://us-central1-demo.cloudfunctions.net';
const keptSeconds = 3_600;
const published: CertificateAnswer = {
  headers: { 'cache-control': `public, max-age=${keptSeconds}, must-revalidate` },
  body: JSON.stringify({ [google.id]: google.publicPem }),
};

/** Claims of a token that holds. */
function claims(changes: object = {}): object {
  const now = Math.floor(Date.now() / 1_000);
  return {
    iss: 'https://accounts.google.com',
    aud: audience,
    sub: '1234',
    email: caller,
    email_verified: true,
    iat: now,
    exp: now + 3_600,
    ...changes,
  };
}

async function program(environment: Record<string, string> = {}, answer = published) {
  const certificates = await startCertificates(answer);
  onTestFinished(certificates.close);
  const lines: { level: string; text: string }[] = [];
  const write = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, text: JSON.stringify({ ...fields, message }) });
  const log = { info: write('info'), warn: write('warn'), error: write('error') };
  const config = z.object(callerConfigShape).parse({
    SPILLWAY_CALLER_ACCOUNTS: caller,
    SPILLWAY_CALL_AUDIENCES: [
      audience,
      'https://spillway-route-*-*.a.run.app',
      `${functions}/spillway-route`,
    ].join(),
    SPILLWAY_CALL_CERTIFICATES_URL: certificates.address,
    ...environment,
  });
  const clock = { aheadMs: 0 };
  const check = createCallerCheck(config, log, () => Date.now() + clock.aheadMs);
  return {
    certificates,
    lines,
    clock,
    check,
    checkToken: (token: string) => check({ authorization: `Bearer ${token}` }),
  };
}

const refused = (status: 401 | 403, refusal: string) => ({ kind: 'refused', status, refusal });
const seconds = () => Math.floor(Date.now() / 1_000);
const removed = 'SIGNATURE_REMOVED_BY_GOOGLE';
const header = { alg: 'RS256', typ: 'JWT', kid: google.id };

describe('a caller', () => {
  it.each([
    ['the service’s address', audience],
    ['an address below it', `${audience}/push?x=1`],
    ['the address that it has as a function', `${functions}/spillway-route`],
    ['the address with a hash', 'https://spillway-route-abc123defg-uc.a.run.app/'],
  ])('is welcome with a token for %s', async (_, aud) => {
    const { checkToken, lines } = await program();
    expect(await checkToken(signedToken(google, claims({ aud })))).toEqual({ kind: 'welcome' });
    expect(lines).toEqual([]);
  });

  it('is welcome whose clock is some seconds off', async () => {
    const { checkToken } = await program();
    const early = claims({ iat: seconds() + 30, exp: seconds() + 3_000 });
    expect(await checkToken(signedToken(google, early))).toEqual({ kind: 'welcome' });
  });

  const forgeries: [what: string, status: 401 | 403, refusal: string, make: () => string | undefined][] = [
    ['no token', 401, 'no_token', () => undefined],
    ['a password', 401, 'no_token', () => 'Basic c2VjcmV0OnNlY3JldA=='],
    ['an access token', 401, 'unreadable', () => 'Bearer ya29.secret-access-token'],
    ['nonsense in three parts', 401, 'unreadable', () => 'Bearer secret.secret.secret'],
    [
      'an expired token',
      401,
      'expired',
      () => `Bearer ${signedToken(google, claims({ iat: seconds() - 7_200, exp: seconds() - 3_600 }))}`,
    ],
    [
      'a token of the future',
      401,
      'not_yet_valid',
      () => `Bearer ${signedToken(google, claims({ iat: seconds() + 3_600, exp: seconds() + 7_200 }))}`,
    ],
    [
      'a token that does not count yet',
      401,
      'not_yet_valid',
      () => `Bearer ${signedToken(google, claims({ nbf: seconds() + 3_600 }))}`,
    ],
    [
      'a token for another service',
      401,
      'audience',
      () =>
        `Bearer ${signedToken(google, claims({ aud: 'https://spillway-sweep-123.us-central1.run.app' }))}`,
    ],
    [
      'a token for a service with a longer name',
      401,
      'audience',
      () => `Bearer ${signedToken(google, claims({ aud: 'https://spillway-route-x-abc-uc.a.run.app' }))}`,
    ],
    [
      'a token for another function at the same host',
      401,
      'audience',
      () => `Bearer ${signedToken(google, claims({ aud: `${functions}/spillway-route-2` }))}`,
    ],
    [
      'a token for the host of all functions',
      401,
      'audience',
      () => `Bearer ${signedToken(google, claims({ aud: `${functions}/` }))}`,
    ],
    [
      'a token for a host that looks like ours',
      401,
      'audience',
      () => `Bearer ${signedToken(google, claims({ aud: `${audience}.evil.example` }))}`,
    ],
    [
      'a token of another issuer',
      401,
      'issuer',
      () => `Bearer ${signedToken(google, claims({ iss: 'https://evil.example' }))}`,
    ],
    [
      'a token of the account itself',
      401,
      'issuer',
      () => `Bearer ${signedToken(stranger, claims({ iss: caller, sub: caller }))}`,
    ],
    [
      'a token without an algorithm',
      401,
      'algorithm',
      () => `Bearer ${withSignature('', claims(), { alg: 'none', kid: google.id })}`,
    ],
    [
      'a token with no algorithm and a signature',
      401,
      'algorithm',
      () => `Bearer ${signedToken(google, claims(), { alg: 'none' })}`,
    ],
    [
      'a token that is signed with the public key as a password',
      401,
      'algorithm',
      () => `Bearer ${signedWithPublicKey(google, claims())}`,
    ],
    ['a token of an unknown key', 401, 'unknown_key', () => `Bearer ${signedToken(stranger, claims())}`],
    [
      'a token whose key is a name of every object',
      401,
      'unknown_key',
      () => `Bearer ${signedToken(stranger, claims(), { kid: 'constructor' })}`,
    ],
    [
      'a self-signed token that names Google’s key',
      401,
      'signature',
      () => `Bearer ${signedToken(stranger, claims(), { kid: google.id })}`,
    ],
    [
      'a self-signed token that brings its key',
      401,
      'signature',
      () => `Bearer ${signedToken(stranger, claims(), { kid: google.id, x5c: [stranger.publicPem] })}`,
    ],
    [
      'a token with other claims under a true signature',
      401,
      'signature',
      () => {
        const [, , signature = ''] = signedToken(google, claims({ email: 'x@example.com' })).split('.');
        return `Bearer ${withSignature(signature, claims(), header)}`;
      },
    ],
    ['a token without a signature', 401, 'signature', () => `Bearer ${withSignature('', claims(), header)}`],
    [
      'a token that claims that Cloud Run took its signature',
      401,
      'signature_removed',
      () => `Bearer ${withSignature(removed, claims(), header)}`,
    ],
    [
      'a token for more than a day',
      401,
      'signature',
      () => `Bearer ${signedToken(google, claims({ exp: seconds() + 200_000 }))}`,
    ],
    [
      'a token of another account',
      403,
      'account',
      () => `Bearer ${signedToken(google, claims({ email: 'spillway-site@demo.iam.gserviceaccount.com' }))}`,
    ],
    [
      'a token of an account that is nearly ours',
      403,
      'account',
      () => `Bearer ${signedToken(google, claims({ email: caller.toUpperCase() }))}`,
    ],
    [
      'a token whose e-mail is not verified',
      403,
      'unverified_account',
      () => `Bearer ${signedToken(google, claims({ email_verified: false }))}`,
    ],
    [
      'a token without an e-mail',
      403,
      'unverified_account',
      () => `Bearer ${signedToken(google, claims({ email: undefined }))}`,
    ],
  ];

  it.each(forgeries)('with %s is answered %i, in one line that says nothing of it', async (...row) => {
    const [, status, refusal, make] = row;
    const { check, lines } = await program();
    const authorization = make();
    expect(await check(authorization === undefined ? {} : { authorization })).toEqual(
      refused(status, refusal),
    );
    expect(lines).toMatchObject([{ level: 'warn' }]);
    const said = lines[0]?.text ?? '';
    expect(said).toContain(refusal);
    for (const secret of wordsOf(authorization)) expect(said).not.toContain(secret);
  });
});

/** Everything that a header tells: its parts, and what they say when they are decoded. */
function wordsOf(authorization = ''): string[] {
  const parts = authorization.split(/[ .]/).filter((part) => part.length > 8);
  const decoded = parts.flatMap((part) => {
    try {
      return Object.values(JSON.parse(Buffer.from(part, 'base64url').toString()));
    } catch {
      return [];
    }
  });
  const values = decoded
    .flat()
    .map(String)
    .filter((value) => value.length > 6);
  return [...parts, ...values].filter((word) => word !== audience);
}

describe('where Cloud Run verifies tokens and takes their signatures away', () => {
  const behindCloudRun = { SPILLWAY_CALL_SIGNATURES: 'removed_by_cloud_run', K_SERVICE: 'spillway-route' };
  const passedOn = (changes: object = {}) => withSignature(removed, claims(changes), header);

  it('a token without its signature is welcome, and no certificate is asked for', async () => {
    const { checkToken, certificates } = await program(behindCloudRun);
    expect(await checkToken(passedOn())).toEqual({ kind: 'welcome' });
    expect(certificates.state.asked).toBe(0);
  });

  it.each([
    [403, 'account', { email: 'somebody@demo.iam.gserviceaccount.com' }],
    [403, 'unverified_account', { email_verified: false }],
    [401, 'audience', { aud: 'https://other.example' }],
    [401, 'issuer', { iss: 'https://evil.example' }],
    [401, 'expired', { exp: seconds() - 3_600 }],
  ] as const)('all else is checked: %i for %s', async (status, refusal, changes) => {
    const { checkToken } = await program(behindCloudRun);
    expect(await checkToken(passedOn(changes))).toEqual(refused(status, refusal));
  });

  it('a token that still has a signature has to have the right one', async () => {
    const { checkToken } = await program(behindCloudRun);
    expect(await checkToken(signedToken(google, claims()))).toEqual({ kind: 'welcome' });
    const forged = signedToken(stranger, claims(), { kid: google.id });
    expect(await checkToken(forged)).toEqual(refused(401, 'signature'));
  });

  it('of two tokens the one counts that Cloud Run has looked at', async () => {
    const { check } = await program(behindCloudRun);
    const headers: CallHeaders = {
      'x-serverless-authorization': `Bearer ${passedOn({ email: 'other@demo.iam.gserviceaccount.com' })}`,
      authorization: `Bearer ${passedOn()}`,
    };
    expect(await check(headers)).toEqual(refused(403, 'account'));
  });
});

describe('the certificates', () => {
  const token = signedToken(google, claims());
  const down: CertificateAnswer = { status: 500, body: 'no' };

  it('are asked for once, however many calls come together and whatever keys they name', async () => {
    const { checkToken, certificates } = await program();
    const unknown = Array.from({ length: 50 }, (_, index) =>
      signedToken(stranger, claims(), { kid: `unknown-${index}` }),
    );
    const verdicts = await Promise.all([token, ...unknown].map(checkToken));
    expect(verdicts.filter(({ kind }) => kind === 'welcome')).toHaveLength(1);
    for (const each of unknown) await checkToken(each);
    expect(certificates.state.asked).toBe(1);
  });

  it('serve through an outage until they expire; then calls have to come again, and nobody is refused', async () => {
    const { checkToken, certificates, clock, lines } = await program();
    expect(await checkToken(token)).toEqual({ kind: 'welcome' });
    certificates.state.answer = down;
    clock.aheadMs = (keptSeconds - 60) * 1_000;
    expect(await checkToken(token)).toEqual({ kind: 'welcome' });
    clock.aheadMs = (keptSeconds + 1) * 1_000;
    expect(await checkToken(token)).toEqual({ kind: 'outage', status: 503 });
    expect(lines).toMatchObject([{ level: 'error' }]);
    expect(wordsOf(`Bearer ${token}`).filter((word) => lines[0]?.text.includes(word))).toEqual([]);
    const { asked } = certificates.state;
    expect(await checkToken(token)).toEqual({ kind: 'outage', status: 503 });
    expect(certificates.state.asked).toBe(asked);
    certificates.state.answer = published;
    clock.aheadMs += 2_000;
    expect(await checkToken(token)).toEqual({ kind: 'welcome' });
  });

  it('are an outage, and never the caller’s fault, where nobody answers or something else does', async () => {
    const { checkToken, certificates, clock } = await program({}, { body: '<html>Log in</html>' });
    expect(await checkToken(token)).toEqual({ kind: 'outage', status: 503 });
    await certificates.close();
    clock.aheadMs = 2_000;
    expect(await checkToken(token)).toEqual({ kind: 'outage', status: 503 });
  });

  it('are kept for a minute where nothing says for how long', async () => {
    const { checkToken, certificates, clock } = await program({}, { ...published, headers: {} });
    await checkToken(token);
    clock.aheadMs = 59_000;
    await checkToken(token);
    expect(certificates.state.asked).toBe(1);
    clock.aheadMs = 61_000;
    expect(await checkToken(token)).toEqual({ kind: 'welcome' });
    expect(certificates.state.asked).toBe(2);
  });

  it('that are new count once the old ones have expired', async () => {
    const { checkToken, certificates, clock } = await program();
    await checkToken(token);
    certificates.state.answer = { ...published, body: JSON.stringify({ [stranger.id]: stranger.publicPem }) };
    clock.aheadMs = (keptSeconds + 1) * 1_000;
    expect(await checkToken(token)).toEqual(refused(401, 'unknown_key'));
    expect(await checkToken(signedToken(stranger, claims()))).toEqual({ kind: 'welcome' });
  });
});
