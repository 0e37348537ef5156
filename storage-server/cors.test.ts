import { expect } from 'vitest';
import { conformanceSection } from './conformance.ts';
import { startTestServer } from './test-server.ts';

const pageOrigin = 'http://localhost:4321';

/** The `Access-Control-*` headers of an answer, by the rest of their names. */
async function granted(url: string, method: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, { method, headers: { Origin: pageOrigin, ...headers } });
  const found = [...response.headers].filter(([name]) => name.startsWith('access-control-'));
  return Object.fromEntries(found.map(([name, value]) => [name.slice('access-control-'.length), value]));
}

const asks = (method: string, headers = '') => ({
  'Access-Control-Request-Method': method,
  ...(headers ? { 'Access-Control-Request-Headers': headers } : {}),
});

conformanceSection('CORS', (check) => {
  check(
    "the JSON API grants what the bucket's configuration lists, and nothing without a bucket",
    'fetch',
    async () => {
      const { server, bucket } = await startTestServer();
      await bucket.setCorsConfiguration([
        { origin: [pageOrigin], method: ['GET'], responseHeader: ['Content-Type'] },
      ]);
      await bucket.file('a').save('x');
      const url = `${server.url}/storage/v1/b/test-bucket/o/a`;
      expect(await granted(url, 'OPTIONS', asks('GET', 'content-type'))).toMatchObject({
        'allow-origin': pageOrigin,
      });
      expect(await granted(`${url}?alt=media`, 'GET')).toMatchObject({ 'allow-origin': pageOrigin });
      expect(await granted(url, 'OPTIONS', asks('PATCH', 'content-type'))).toEqual({});
      expect(await granted(`${server.url}/storage/v1/b`, 'OPTIONS', asks('GET'))).toEqual({});
    },
  );

  check('a bucket without CORS configuration grants nothing through the XML API', 'fetch', async () => {
    const { server, bucket } = await startTestServer();
    await bucket.file('a').save('x');
    expect(await granted(`${server.url}/test-bucket/a`, 'OPTIONS', asks('GET'))).toEqual({});
    expect(await granted(`${server.url}/test-bucket/a`, 'GET')).toEqual({});
  });

  check('a bucket grants what its configuration lists: origin, method, headers', 'fetch', async () => {
    const { server, bucket } = await startTestServer();
    await bucket.setCorsConfiguration([
      { origin: ['http://other'], method: ['GET'] },
      {
        origin: [pageOrigin],
        method: ['PUT', 'GET'],
        responseHeader: ['Content-Type', 'x-goog-meta-*'],
        maxAgeSeconds: 99,
      },
    ]);
    await bucket.file('a').save('x');
    const url = `${server.url}/test-bucket/a`;
    expect(await granted(url, 'OPTIONS', asks('PUT', 'content-type, x-goog-meta-operation'))).toEqual({
      'allow-origin': pageOrigin,
      'allow-methods': 'PUT, GET',
      'allow-headers': 'content-type, x-goog-meta-operation',
      'max-age': '99',
    });
    expect(await granted(url, 'OPTIONS', asks('PUT', 'x-other'))).toEqual({});
    expect(await granted(url, 'OPTIONS', asks('DELETE'))).toEqual({});
    expect(await granted(url, 'OPTIONS', { ...asks('PUT'), Origin: 'http://evil' })).toEqual({});
    expect(await granted(url, 'GET')).toEqual({
      'allow-origin': pageOrigin,
      'expose-headers': 'Content-Type, x-goog-meta-*',
    });
    await bucket.setCorsConfiguration([{ origin: ['*'], method: ['GET'] }]);
    expect((await granted(url, 'GET'))['allow-origin']).toBe('*');
  });

  check(
    'a session may be used by the page whose origin began it, and by no other',
    'client and fetch',
    async () => {
      const { bucket } = await startTestServer();
      const [session] = await bucket.file('a').createResumableUpload({ origin: pageOrigin });
      expect(await granted(session, 'OPTIONS', asks('PUT', 'content-range'))).toMatchObject({
        'allow-origin': pageOrigin,
        'allow-methods': expect.stringContaining('PUT'),
        'allow-headers': 'content-range',
      });
      const status = await granted(session, 'PUT', { 'Content-Range': 'bytes */*' });
      expect(status['allow-origin']).toBe(pageOrigin);
      for (const header of ['Range', 'Location', 'X-GUploader-UploadID', 'ETag']) {
        expect(status['expose-headers']).toContain(header);
      }
      expect(await granted(session, 'OPTIONS', { ...asks('PUT'), Origin: 'http://evil' })).toEqual({});
      const [without] = await bucket.file('b').createResumableUpload();
      expect(await granted(without, 'OPTIONS', asks('PUT'))).toEqual({});
    },
  );

  check('errors carry the headers too, so that a page can read them', 'fetch', async () => {
    const { server, bucket } = await startTestServer({
      faults: ({ method }) => (method === 'PUT' ? { status: 503 } : undefined),
    });
    await bucket.setCorsConfiguration([{ origin: [pageOrigin], method: ['GET', 'PUT'] }]);
    for (const method of ['GET', 'PUT']) {
      expect(await granted(`${server.url}/test-bucket/none`, method)).toMatchObject({
        'allow-origin': pageOrigin,
      });
    }
  });
});
