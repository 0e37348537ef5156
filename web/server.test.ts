import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { adminToken, upload } from './api/test-client.ts';
import { readEvents, until } from './api/test-events.ts';
import { type RunningSite, startSite } from './server.ts';
import { loadStaticSite, type StaticSite } from './static-site.ts';
import { startTestSite, testConfig } from './test-site.ts';

const script = 'console.log("island")';
const page = `<!doctype html><title>Spillway</title><script>${script}</script><script type="module" src="/_astro/a.js"></script>${' '.repeat(2_000)}`;
const storageOrigin = 'http://127.0.0.1:9199';

let directory: string;
let pages: StaticSite;
let site: RunningSite | null = null;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spillway-site-'));
  await mkdir(join(directory, 'dashboard'));
  await mkdir(join(directory, '_astro'));
  await writeFile(join(directory, 'index.html'), page);
  await writeFile(join(directory, 'dashboard/index.html'), '<!doctype html>Dashboard');
  await writeFile(join(directory, '404.html'), '<!doctype html>Nothing here');
  await writeFile(join(directory, '_astro/a.js'), 'export {}');
  pages = await loadStaticSite(directory, storageOrigin);
});
afterAll(() => rm(directory, { recursive: true }));
afterEach(async () => {
  await site?.close();
  site = null;
});

async function start() {
  const memory = createMemoryPorts();
  const running = await startSite({ ports: memory, site: pages, version: 'test', config: testConfig });
  site = running;
  const cookie = (await fetch(`${running.url}/`)).headers.get('set-cookie')?.split(';')[0] ?? '';
  const owner = /=([0-9a-f]{32})\./.exec(cookie)?.[1] ?? '';
  return {
    memory,
    running,
    cookie,
    owner,
    get: (path: string) => fetch(running.url + path, { headers: { cookie } }),
  };
}

/** A browser whose connection can be cut without a word. */
async function openRaw(url: string, path: string, cookie: string): Promise<Socket> {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nCookie: ${cookie}\r\n\r\n`);
  await new Promise((resolve) => socket.once('data', resolve));
  return socket;
}

describe('pages', () => {
  test('are served with a session, for this visitor, under a policy that knows their scripts', async () => {
    const { running } = await start();
    const response = await fetch(`${running.url}/`);
    expect(await response.text()).toBe(page);
    expect(response.headers.get('cache-control')).toBe('private, no-cache');
    expect(response.headers.getSetCookie()).toHaveLength(1);
    const policy = response.headers.get('content-security-policy');
    const hash = createHash('sha256').update(script).digest('base64');
    expect(policy).toContain(`script-src 'self' 'sha256-${hash}';`);
    expect(policy).toContain(`connect-src 'self' ${storageOrigin};`);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('referrer-policy')).toBe('same-origin');
  });

  test.each([
    ['gzip, deflate, br', 'br'],
    ['gzip, br;q=0', 'gzip'],
    ['identity', null],
  ])('are compressed as the browser takes it: %s', async (accepted, encoding) => {
    const { running } = await start();
    const response = await fetch(`${running.url}/`, { headers: { 'accept-encoding': accepted } });
    expect(response.headers.get('content-encoding')).toBe(encoding);
    expect(response.headers.get('vary')).toBe('Accept-Encoding');
    expect(await response.text()).toBe(page);
  });

  test('are not sent again to who has them', async () => {
    const { running, cookie, get } = await start();
    const etag = (await get('/')).headers.get('etag') ?? '';
    const response = await fetch(`${running.url}/`, { headers: { cookie, 'if-none-match': etag } });
    expect([response.status, await response.text()]).toEqual([304, '']);
  });

  test('stand in folders, and what is not there is a page too', async () => {
    const { get, running } = await start();
    expect(await (await get('/dashboard/')).text()).toContain('Dashboard');
    const redirected = await fetch(`${running.url}/dashboard`, { redirect: 'manual' });
    expect([redirected.status, redirected.headers.get('location')]).toEqual([308, '/dashboard/']);
    for (const path of [
      '/nothing',
      '/../server.ts',
      '/%2e%2e/server.ts',
      '/%',
      '/..%2fserver.ts',
      '//x.test/',
    ]) {
      const response = await get(path);
      expect([response.status, await response.text()]).toEqual([
        404,
        expect.stringContaining('Nothing here'),
      ]);
    }
  });

  test('let browsers keep what carries a hash in its name', async () => {
    const { get } = await start();
    const response = await get('/_astro/a.js');
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  });

  test('are only read', async () => {
    const { running } = await start();
    expect((await fetch(running.url, { method: 'POST' })).status).toBe(405);
    const head = await fetch(`${running.url}/`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  test('that were not built are said to be missing, with the command that builds them', async () => {
    await expect(loadStaticSite(join(directory, 'nowhere'), storageOrigin)).rejects.toThrow(
      /^The site is not built: .* npm run build -w web$/,
    );
    await expect(loadStaticSite(join(directory, '_astro'), storageOrigin)).rejects.toThrow('is not built');
  });
});

describe('names', () => {
  /** `fetch` lets nobody choose the header. */
  async function statusAs(running: RunningSite, host: string): Promise<number> {
    const asked = request(`${running.url}/`, { headers: { host } });
    asked.end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    answer.resume();
    return answer.statusCode ?? 0;
  }

  test('a site for this machine alone answers to no name that somebody has pointed at it', async () => {
    const { running } = await start();
    expect(await statusAs(running, 'localhost:4321')).toBe(200);
    expect(await statusAs(running, 'evil.example')).toBe(403);
  });

  test('a site behind a proxy answers to whatever name it has there', async () => {
    const { site: behind } = await startTestSite({ publicOrigin: 'https://pictures.example.org' });
    site = behind;
    expect(await statusAs(behind, 'pictures.example.org')).toBe(200);
  });
});

describe('the API', () => {
  test('answers beside the pages, with headers of its own', async () => {
    const { get, running } = await start();
    const health = await get('/api/health');
    expect(await health.json()).toEqual({ status: 'ok', version: 'test' });
    expect(health.headers.get('content-security-policy')).toContain("default-src 'none'");
    const program = await get('/health');
    expect([program.status, await program.json()]).toEqual([200, { status: 'ready' }]);
    const unknown = await get('/api/v1/nothing');
    expect(unknown.headers.get('content-type')).toBe('application/problem+json');
    const entered = await fetch(`${running.url}/admin/enter`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: adminToken }),
    });
    expect([entered.status, entered.headers.get('cache-control')]).toEqual([204, 'no-store']);
  });

  test('passes changes on as they happen', async () => {
    const { memory, owner, get } = await start();
    const stream = readEvents(await get('/api/v1/events'));
    await stream.until('present');
    const job = await upload({ memory, ports: memory }, owner);
    expect((await stream.next())?.data).toMatchObject({ id: job.id });
    await stream.leave();
  });

  test('tells who visits from what its own proxy has appended, not from what a client wrote', async () => {
    const { site: behindProxy } = await startTestSite({ trustedProxies: 1 });
    const openUpload = async (forwardedFor: string) => {
      const response = await fetch(`${behindProxy.url}/api/v1/uploads`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-forwarded-for': forwardedFor },
        body: JSON.stringify({ fileName: 'a.jpg', size: 3, operations: ['sketch'] }),
      });
      await response.body?.cancel();
      return response.status;
    };
    const forged: number[] = [];
    for (let index = 0; index < 130; index++)
      forged.push(await openUpload(`203.0.113.${index}, 198.51.100.1`));
    expect(forged.filter((status) => status === 201).length).toBeGreaterThanOrEqual(120);
    expect(forged).toContain(429);
    expect(await openUpload('203.0.113.1, 198.51.100.2')).toBe(201);
    await behindProxy.close();
  });

  test('keeps a place for the admin, whatever visitors hold', async () => {
    const { running } = await start();
    const leaving = new AbortController();
    const open = (headers: Record<string, string>, path = '/api/v1/events') =>
      fetch(running.url + path, { headers, signal: leaving.signal });
    const strangers = await Promise.all(Array.from({ length: 150 }, () => open({})));
    const held = strangers.filter(({ status }) => status === 200).length;
    expect(held).toBeLessThanOrEqual(100);
    expect(running.streams).toBe(held);
    const admin = await open({ authorization: `Bearer ${adminToken}` }, '/api/v1/admin/events');
    expect(admin.status).toBe(200);
    leaving.abort();
    await until(() => running.streams === 0);
  });

  test('ends the watch when a browser goes, in order or not', async () => {
    const { running, cookie } = await start();
    const leaving = new AbortController();
    const { signal } = leaving;
    const streams = await Promise.all([
      fetch(`${running.url}/api/v1/events`, { headers: { cookie }, signal }),
      fetch(`${running.url}/api/v1/events`, { headers: { cookie }, signal }),
    ]);
    const cut = await openRaw(running.url, '/api/v1/events', cookie);
    expect([streams.length, running.streams, running.watches]).toEqual([2, 3, 1]);
    cut.destroy();
    await until(() => running.streams === 2);
    expect(running.watches).toBe(1);
    leaving.abort();
    await until(() => running.streams === 0);
    expect(running.watches).toBe(0);
  });

  test('lets go of a hundred streams that are opened and cut at once', async () => {
    const { running } = await start();
    for (let round = 0; round < 10; round++) {
      const sockets = await Promise.all(
        Array.from({ length: 10 }, async () => {
          const cookie = (await fetch(`${running.url}/`)).headers.get('set-cookie')?.split(';')[0] ?? '';
          return openRaw(running.url, '/api/v1/events', cookie);
        }),
      );
      for (const socket of sockets) socket.destroy();
    }
    await until(() => running.streams === 0);
    expect(running.watches).toBe(0);
  });
});

describe('the end', () => {
  test('comes though streams are open, and tells their readers', async () => {
    const { running, get } = await start();
    const stream = readEvents(await get('/api/v1/events'));
    await stream.until('present');
    // No stream ends by itself.
    await running.close();
    expect(await stream.next()).toBeNull();
    expect([running.streams, running.watches]).toEqual([0, 0]);
    await expect(fetch(running.url)).rejects.toThrow();
    site = null;
  });

  test('waits for an answer that is under way', async () => {
    const { running, memory, get } = await start();
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const { promise: answer, resolve: finish } = Promise.withResolvers<void>();
    const find = memory.feed.find.bind(memory.feed);
    memory.feed.find = async (...parameters) => {
      ask();
      await answer;
      return find(...parameters);
    };
    const response = get('/api/v1/jobs');
    await asked;
    const closed = running.close();
    finish();
    expect((await response).status).toBe(200);
    await closed;
    site = null;
  });
});

test('a port that is taken is an error at the start', async () => {
  const { running } = await start();
  const config = { ...testConfig, PORT: Number(new URL(running.url).port) };
  const second = startSite({ ports: createMemoryPorts(), site: pages, version: 'test', config });
  await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
