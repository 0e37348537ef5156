import { findUnanswered } from '@spillway/pipeline/testing/find-unanswered.ts';
import { expect } from 'vitest';
import { conformanceSection } from './conformance.ts';
import { allRoutes } from './routes.ts';
import { bytes, startTestServer } from './test-server.ts';

/** A request's path for a route's pattern, on a bucket and an object that are there. */
const pathOf = (pattern: string): string =>
  pattern.replaceAll(/[:*]\w+/g, (parameter) => values[parameter] ?? 'x');

const values: Record<string, string> = {
  ...{ ':bucket': 'test-bucket', ':toBucket': 'test-bucket' },
  ...{ ':object': 'a', '*object': 'a', ':toObject': 'b', ':id': '1' },
};

conformanceSection('Whatever is sent', (check) => {
  check(
    'hostile requests at every route: the server goes on, and answers no 500',
    'raw sockets',
    async () => {
      const { server, bucket } = await startTestServer();
      const [session] = await bucket.file('s').createResumableUpload();
      const upload = '/upload/storage/v1/b/test-bucket/o';
      const routes = allRoutes()
        .routes()
        .map(({ method, pattern }) => ({ method: method === '*' ? 'POST' : method, path: pathOf(pattern) }));
      const uploads = [
        ...['media', 'multipart', 'resumable'].map((type) => `${upload}?uploadType=${type}&name=a`),
        session.slice(server.url.length),
      ].map((path) => ({ method: path.includes('upload_id') ? 'PUT' : 'POST', path }));
      expect(routes.length).toBeGreaterThan(30);
      expect(
        await findUnanswered({
          port: server.port,
          routes: [...routes, ...uploads],
          probe: { method: 'GET', path: '/storage/v1/b?project=p' },
          tooLarge: (1 << 20) + 1,
        }),
      ).toEqual([]);
    },
  );

  check('a body of 30 MiB where there is only metadata: 413, which is read', 'fetch', async () => {
    const { server } = await startTestServer();
    for (const path of ['/storage/v1/b', '/upload/storage/v1/b/test-bucket/o?uploadType=resumable']) {
      const answer = await fetch(server.url + path, { method: 'POST', body: Buffer.alloc(30 << 20, 32) });
      expect([answer.status, answer.headers.get('connection')]).toEqual([413, 'close']);
      expect(await answer.json()).toMatchObject({ error: { errors: [{ reason: 'uploadTooLarge' }] } });
    }
  });

  check(
    'what an object is said to be comes back in headers, whatever text it is',
    'client, fetch',
    async () => {
      const { server, bucket } = await startTestServer();
      const odd = 'a\r\nX-Injected: 1\u0000ü\u{1f600}';
      const metadata = { contentType: odd, contentEncoding: odd, contentLanguage: odd, cacheControl: odd };
      await bucket
        .file('a')
        .save('hello', { resumable: false, metadata: { ...metadata, metadata: { note: odd } } });
      const answer = await fetch(`${server.url}/test-bucket/a`);
      expect([answer.status, answer.headers.get('x-injected')]).toEqual([200, null]);
      expect(Buffer.from(answer.headers.get('content-language') ?? '', 'latin1').toString()).toBe(
        'a  X-Injected: 1 ü\u{1f600}',
      );
    },
  );

  check('readers who go in the middle of a download cost nothing', 'fetch', async () => {
    const { server, bucket } = await startTestServer();
    await bucket.file('a').save(bytes(4 << 20));
    for (let round = 0; round < 20; round++) {
      const leaving = new AbortController();
      const { body } = await fetch(`${server.url}/test-bucket/a`, { signal: leaving.signal });
      await body?.getReader().read();
      leaving.abort();
    }
    expect((await bucket.file('a').download())[0]).toHaveLength(4 << 20);
  });
});
