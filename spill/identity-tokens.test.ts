import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OutageError } from '@spillway/core/errors.ts';
import { parseConfig } from '@spillway/pipeline/config.ts';
import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { makeSigningKey, signedToken } from '@spillway/pipeline/testing/forged-tokens.ts';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { spillConfigSchema } from './config.ts';
import { chooseTokens, keepToken } from './identity-tokens.ts';

const { log } = createMemoryPorts();
const key = makeSigningKey('google-1');
const url = 'https://spillway-worker-123.us-central1.run.app';
const inAnHour = (now: number) => signedToken(key, { aud: url, exp: Math.floor(now / 1_000) + 3_600 });

afterEach(() => void vi.unstubAllEnvs());

describe('a token', () => {
  it('serves until shortly before its end, and is fetched once for all that need it', async () => {
    let now = 1_700_000_000_000;
    const audiences: string[] = [];
    const fetchToken = async (audience: string) => {
      audiences.push(audience);
      return `${inAnHour(now)}#${audiences.length}`;
    };
    const tokens = keepToken(url, fetchToken, () => now);
    const [first, second] = await Promise.all([tokens.read(), tokens.read()]);
    expect(second).toBe(first);
    now += 54 * 60_000;
    expect(await tokens.read()).toBe(first);
    now += 2 * 60_000;
    expect(await tokens.read()).not.toBe(first);
    expect(audiences).toEqual([url, url]);
  });

  it('that the service refused is replaced', async () => {
    let fetched = 0;
    const tokens = keepToken(url, async () => `${inAnHour(Date.now())}#${++fetched}`);
    const first = await tokens.read();
    tokens.forget();
    expect(await tokens.read()).not.toBe(first);
  });

  it('that cannot be had is an outage', async () => {
    const tokens = keepToken(url, () => Promise.reject(new Error('connect ECONNREFUSED')));
    await expect(tokens.read()).rejects.toThrow(OutageError);
  });

  it('that cannot be read serves once', async () => {
    let fetched = 0;
    const tokens = keepToken(url, async () => `opaque-${++fetched}`);
    expect([await tokens.read(), await tokens.read()]).toEqual(['opaque-1', 'opaque-2']);
  });
});

describe('this machine proves who it is', () => {
  const buckets = {
    SPILLWAY_PROJECT: 'demo',
    SPILLWAY_UPLOADS_BUCKET: 'uploads',
    SPILLWAY_WEB_UPLOADS_BUCKET: 'web-uploads',
    SPILLWAY_RESULTS_BUCKET: 'results',
  };
  /** Google's client reads the environment itself. */
  function choose(address: string, environment: Record<string, string> = {}) {
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', environment.GOOGLE_APPLICATION_CREDENTIALS);
    vi.stubEnv('GCE_METADATA_HOST', environment.GCE_METADATA_HOST);
    return chooseTokens(address, parseConfig(spillConfigSchema, { ...buckets, ...environment }), log);
  }

  async function credentials(content: object | string): Promise<Record<string, string>> {
    const folder = await mkdtemp(join(tmpdir(), 'spillway-credentials-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, 'credentials.json');
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    return { GOOGLE_APPLICATION_CREDENTIALS: path };
  }

  it('by its metadata server, whose token is for the service', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(200, { 'metadata-flavor': 'Google' }).end(inAnHour(Date.now()));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
    const { port } = server.address() as AddressInfo;
    const tokens = await choose(url, { GCE_METADATA_HOST: `127.0.0.1:${port}` });
    expect(await tokens.read()).toMatch(/^ey/);
    expect(asked.filter((path) => path.includes('/identity'))).toEqual([
      expect.stringContaining(`audience=${url}`),
    ]);
  });

  it('not at all, which is said, where it calls a worker on this same machine', async () => {
    expect(await (await choose('http://127.0.0.1:8080')).read()).toBeNull();
    await expect(choose(url)).rejects.toThrow('GOOGLE_APPLICATION_CREDENTIALS');
  });

  it.each<[string, object | string, string]>([
    ['is not there', '', 'cannot be used'],
    ['is no JSON', 'a key', 'cannot be used'],
    [
      'works as no account',
      {
        type: 'external_account',
        audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/a/providers/b',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: 'https://sts.googleapis.com/v1/token',
        credential_source: { file: '/tmp/token' },
      },
      'workload identity federation',
    ],
  ])('not by a file that %s', async (_, content, said) => {
    const environment = await credentials(content);
    await expect(choose(url, environment)).rejects.toThrow(said);
  });

  it('by a configuration of workload identity federation that names the account', async () => {
    const environment = await credentials({
      type: 'external_account',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/a/providers/b',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: 'https://sts.googleapis.com/v1/token',
      service_account_impersonation_url:
        'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/box@demo.iam.gserviceaccount.com:generateAccessToken',
      credential_source: { file: '/nowhere/token' },
    });
    const tokens = await choose(url, environment);
    // Nothing is asked of Google: the file with this machine's own token is not there.
    await expect(tokens.read()).rejects.toThrow(OutageError);
  });
});
