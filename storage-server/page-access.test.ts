import { request } from 'node:http';
import { expect } from 'vitest';
import { conformanceSection } from './conformance.ts';
import { startTestServer, type TestServer } from './test-server.ts';

const ownSite = 'http://127.0.0.1:4321';
const evilPage = 'http://evil.example';

const multipart = [
  '--x\r\nContent-Type: application/json\r\n\r\n{"name":"planted"}\r\n',
  '--x\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x--',
].join('');

interface Attempt {
  method: string;
  path: string;
  body?: string;
  headers?: Record<string, string>;
}

/** The status of a request with headers that `fetch` does not let a program set, and its `Access-Control-*` headers. */
function attempt({ server }: TestServer, { method, path, body, headers = {} }: Attempt) {
  return new Promise<{ status: number; grants: string[] }>((resolve, reject) => {
    const sent = request(server.url + path, { method, headers }, (res) => {
      const grants = Object.keys(res.headers).filter((name) => name.startsWith('access-control-'));
      res.resume().once('end', () => resolve({ status: res.statusCode ?? 0, grants }));
    });
    sent.once('error', reject).end(body);
  });
}

/** What a page can make a browser send without asking first, beside what it has to ask for. */
const attempts: Attempt[] = [
  { method: 'GET', path: '/storage/v1/b?project=p' },
  { method: 'GET', path: '/storage/v1/b/test-bucket/o' },
  { method: 'GET', path: '/storage/v1/b/test-bucket/o/a?alt=media' },
  { method: 'GET', path: '/download/storage/v1/b/test-bucket/o/a' },
  { method: 'GET', path: '/test-bucket/a' },
  { method: 'HEAD', path: '/test-bucket/a' },
  { method: 'POST', path: '/storage/v1/b', body: '{"name":"planted"}' },
  { method: 'POST', path: '/upload/storage/v1/b/test-bucket/o?uploadType=media&name=planted', body: 'hello' },
  {
    method: 'POST',
    path: '/upload/storage/v1/b/test-bucket/o?uploadType=resumable&name=planted',
    body: '{}',
  },
  {
    method: 'POST',
    path: '/upload/storage/v1/b/test-bucket/o?uploadType=multipart',
    body: multipart,
    headers: { 'Content-Type': 'text/plain; boundary=x' },
  },
  { method: 'POST', path: '/storage/v1/b/test-bucket/o/a/rewriteTo/b/test-bucket/o/planted' },
  { method: 'POST', path: '/test-bucket/planted', headers: { 'x-goog-resumable': 'start' } },
  { method: 'PUT', path: '/test-bucket/planted', body: 'hello' },
  { method: 'DELETE', path: '/storage/v1/b/test-bucket/o/a' },
];

async function startWithPicture() {
  const test = await startTestServer();
  const cors = { origin: [ownSite], method: ['PUT'], responseHeader: ['Content-Type'] };
  await test.bucket.setCorsConfiguration([cors]);
  await test.bucket.file('a').save('a local picture');
  return test;
}

async function expectUntouched({ bucket, storage }: TestServer): Promise<void> {
  expect((await bucket.getFiles())[0].map(({ name }) => name)).toEqual(['a']);
  expect((await storage.getBuckets())[0].map(({ name }) => name)).toEqual(['test-bucket']);
}

conformanceSection('Web pages', (check) => {
  check('a foreign page reads and writes nothing, whatever it sends', 'http', async () => {
    const test = await startWithPicture();
    for (const from of [
      { Origin: evilPage },
      { Origin: 'null' },
      { Origin: `${ownSite}0` },
      { Origin: evilPage, 'x-goog-api-client': 'gl-node', 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' },
      { 'Sec-Fetch-Site': 'same-site' },
      { 'Sec-Fetch-Site': 'same-origin' },
    ]) {
      for (const one of attempts) {
        const answer = await attempt(test, { ...one, headers: { ...one.headers, ...from } });
        expect({ ...one, from, ...answer }).toMatchObject({ status: 403, grants: [] });
        const preflight = { ...from, 'Access-Control-Request-Method': one.method };
        const asked = await attempt(test, { method: 'OPTIONS', path: one.path, headers: preflight });
        expect(asked.grants).toEqual([]);
      }
    }
    await expectUntouched(test);
  });

  check('a name that was made to lead here is refused', 'http', async () => {
    const test = await startWithPicture();
    for (const Host of [
      evilPage.slice(7),
      `evil.example:${test.server.port}`,
      '127.0.0.1.evil.example',
      '0.0.0.0',
    ]) {
      for (const one of attempts) {
        const answer = await attempt(test, { ...one, headers: { ...one.headers, Host } });
        expect({ ...one, Host, ...answer }).toMatchObject({ status: 403, grants: [] });
      }
    }
    await expectUntouched(test);
    for (const Host of ['localhost', `localhost:${test.server.port}`, '[::1]:1', '127.0.0.1:9199']) {
      const headers = { Host };
      expect((await attempt(test, { method: 'GET', path: '/test-bucket/a', headers })).status).toBe(200);
    }
  });

  check('the site may use a session that its server began, and nothing else', 'client and http', async () => {
    const test = await startWithPicture();
    for (const origin of [ownSite, 'http://localhost:9999', 'https://site.example']) {
      const [session] = await test.bucket.file('b').createResumableUpload({ origin });
      const path = session.slice(test.server.url.length);
      const put = (Origin: string) =>
        attempt(test, { method: 'PUT', path, body: 'hello', headers: { Origin } });
      expect((await put(evilPage)).status).toBe(403);
      expect(await put(origin)).toMatchObject({ status: 200 });
      expect(String((await test.bucket.file('b').download())[0])).toBe('hello');
    }
    const [unnamed] = await test.bucket.file('c').createResumableUpload({ origin: ownSite });
    const toUnnamed = { method: 'PUT', path: unnamed.slice(test.server.url.length), body: 'hello' };
    const headers = { 'Sec-Fetch-Site': 'same-site' };
    expect((await attempt(test, { ...toUnnamed, headers })).status).toBe(200);
    for (const one of attempts.filter(({ method }) => method !== 'PUT')) {
      const headers = { ...one.headers, Origin: ownSite };
      expect(await attempt(test, { ...one, headers })).toMatchObject({ status: 403, grants: [] });
    }
  });

  check(
    'programs, and a person who types an address, are no pages; what they see is inert',
    'fetch',
    async () => {
      const test = await startWithPicture();
      const headers = { 'Sec-Fetch-Site': 'none', 'Sec-Fetch-Mode': 'navigate' };
      expect((await attempt(test, { method: 'GET', path: '/test-bucket/a', headers })).status).toBe(200);
      const seen = await fetch(`${test.server.url}/test-bucket/a`);
      expect(Object.fromEntries(seen.headers)).toMatchObject({
        'cross-origin-resource-policy': 'same-origin',
        'content-security-policy': "default-src 'none'; sandbox",
        'x-content-type-options': 'nosniff',
      });
    },
  );
});
