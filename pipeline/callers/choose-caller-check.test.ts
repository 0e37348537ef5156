import { afterEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { chooseCallerCheck } from './choose-caller-check.ts';
import { callerConfigShape } from './config.ts';

const caller = 'spillway-events@demo.iam.gserviceaccount.com';
const complete = { SPILLWAY_CALLER_ACCOUNTS: caller, SPILLWAY_CALL_AUDIENCES: 'https://service.example' };
const schema = z.object(callerConfigShape);

afterEach(() => void vi.unstubAllEnvs());

/** What a program of this environment answers two calls without a token, and what it logs. */
async function choose(environment: Record<string, string>) {
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
  const lines: string[] = [];
  const note = (_fields: object, message: string) => void lines.push(message);
  const check = await chooseCallerCheck(schema.parse(environment), { info: note, warn: note, error: note });
  const [verdict] = await Promise.all([check({}), check({})]);
  return { verdict: verdict.kind, lines };
}

it('without a metadata server everybody may call, which is said once', async () => {
  const { verdict, lines } = await choose({});
  expect(verdict).toBe('welcome');
  expect(lines).toEqual([expect.stringContaining('Callers are not checked')]);
});

it('with a metadata server, whether or not it answers, callers are checked', async () => {
  expect((await choose({ ...complete, GCE_METADATA_HOST: '127.0.0.1:1' })).verdict).toBe('refused');
});

it('so they are where accounts are named', async () => {
  expect((await choose(complete)).verdict).toBe('refused');
});

it.each([
  [{ GCE_METADATA_HOST: '127.0.0.1:1' }, 'SPILLWAY_CALLER_ACCOUNTS'],
  [{ SPILLWAY_CALLER_ACCOUNTS: caller }, 'SPILLWAY_CALL_AUDIENCES'],
  [{ ...complete, SPILLWAY_CALL_SIGNATURES: 'removed_by_cloud_run' }, 'no service of Cloud Run'],
] as const)('a program with %j does not start, and says what to set', async (environment, said) => {
  await expect(choose(environment)).rejects.toThrow(said);
});

it.each([
  ['SPILLWAY_CALLER_ACCOUNTS', 'not an e-mail'],
  ['SPILLWAY_CALLER_ACCOUNTS', `${caller},,x`],
  ['SPILLWAY_CALL_SIGNATURES', 'ignored'],
  ['SPILLWAY_CALL_CERTIFICATES_URL', 'http://certificates.example/'],
  ['SPILLWAY_CALL_CERTIFICATES_URL', 'file:///etc/passwd'],
])('%s cannot be %j', (name, value) => {
  const parsed = schema.safeParse({ ...complete, [name]: value });
  expect(parsed.error?.issues.map(({ path }) => path[0])).toEqual([name]);
});

it('lists may have spaces and an end', () => {
  const parsed = schema.parse({ SPILLWAY_CALLER_ACCOUNTS: ` ${caller} , b@example.com,` });
  expect(parsed.SPILLWAY_CALLER_ACCOUNTS).toEqual([caller, 'b@example.com']);
});
