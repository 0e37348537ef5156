import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { largestFile } from '@spillway/core/file-size.ts';
import { overTime } from '@spillway/core/steps.ts';
import { changeJob } from '@spillway/pipeline/change-job.ts';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { attachment } from './content-disposition.ts';
import { problemSchema } from './schema.ts';
import { createBrowser, createTestApi, tinyGif, upload } from './test-client.ts';
import { succeed } from './test-jobs.ts';

const bytes = Buffer.from('the bytes of a picture');

async function createVisitor() {
  const site = createTestApi();
  const browser = createBrowser(site);
  return { ...site, site, browser, owner: await browser.owner() };
}

describe('a result', () => {
  test('is sent as it is, harmless, and for this visitor alone', async () => {
    const { site, browser, owner } = await createVisitor();
    const job = await succeed(await upload(site, owner), bytes, site);
    const response = await browser.request(`/api/v1/jobs/${job.id}/result`);
    expect(response.status).toBe(200);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-length': String(bytes.length),
      'cache-control': 'private, no-cache',
      'x-content-type-options': 'nosniff',
    });
    expect(response.headers.get('content-disposition')).toBeNull();
  });

  test('is not sent again to who has it', async () => {
    const { site, browser, owner, memory } = await createVisitor();
    const job = await succeed(await upload(site, owner), bytes, site);
    const path = `/api/v1/jobs/${job.id}/result`;
    const etag = (await browser.request(path)).headers.get('etag') ?? '';
    expect(etag).toMatch(/^"\d+"$/);
    const read = vi.spyOn(memory.blobs, 'read');
    const known = await browser.request(path, { headers: { 'if-none-match': `"other", W/${etag}` } });
    expect([known.status, await known.text()]).toEqual([304, '']);
    expect(read).not.toHaveBeenCalled();
    const other = await browser.request(path, { headers: { 'if-none-match': '"other"' } });
    expect(other.status).toBe(200);
  });

  test('opens no stream for HEAD', async () => {
    const { site, browser, owner, memory } = await createVisitor();
    const job = await succeed(await upload(site, owner), bytes, site);
    const read = vi.spyOn(memory.blobs, 'read');
    const response = await browser.request(`/api/v1/jobs/${job.id}/result`, { method: 'HEAD' });
    expect([response.status, response.headers.get('content-length')]).toEqual([200, String(bytes.length)]);
    expect(read).not.toHaveBeenCalled();
  });

  test('is saved under a name that tells what it is', async () => {
    const { site, browser, owner } = await createVisitor();
    const job = await succeed(await upload(site, owner, { name: 'Kätzchen "1".jpeg' }), bytes, site);
    const response = await browser.request(`/api/v1/jobs/${job.id}/result?download`);
    expect(response.headers.get('content-disposition')).toBe(
      `attachment; filename="Katzchen _1_-sketch.png"; filename*=UTF-8''K%C3%A4tzchen%20%221%22-sketch.png`,
    );
  });

  test('that operations do not make is never served', async () => {
    const { site, browser, owner, ports } = await createVisitor();
    const job = await succeed(await upload(site, owner), bytes, site);
    await overTime(
      changeJob(ports.jobs, job.id, (current) => ({
        ...current,
        result: current.result && { ...current.result, contentType: 'text/html' },
      })),
    );
    const response = await browser.request(`/api/v1/jobs/${job.id}/result`);
    expect(problemSchema.parse(await response.json()).code).toBe('no_result');
  });

  test('is a problem while there is none, or when it has gone', async () => {
    const { site, browser, owner, memory } = await createVisitor();
    const open = await upload(site, owner);
    const done = await succeed(await upload(site, owner), bytes, site);
    await memory.blobs.remove('results', done.result?.name ?? '');
    for (const { id } of [open, done]) {
      const response = await browser.request(`/api/v1/jobs/${id}/result`);
      expect([response.status, problemSchema.parse(await response.json()).code]).toEqual([404, 'no_result']);
    }
  });
});

describe('an original', () => {
  const start = (text: string) => Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc(64)]);
  test.each([
    ['GIF', tinyGif, 'image/gif'],
    ['JPEG', start('\xff\xd8\xff\xe0'), 'image/jpeg'],
    ['PNG', start('\x89PNG\r\n\x1a\n'), 'image/png'],
    ['WebP', start('RIFF\x01\x00\x00\x00WEBPVP8 '), 'image/webp'],
    ['AVIF', start('\x00\x00\x00\x1cftypavif'), 'image/avif'],
    ['HEIC', start('\x00\x00\x00\x1cftypheic'), 'image/heic'],
  ])('that is a %s is shown as one, in a sandbox, whatever it was called', async (_, picture, type) => {
    const { site, browser, owner } = await createVisitor();
    const job = await upload(site, owner, { name: 'page.html', bytes: picture });
    const response = await browser.request(`/api/v1/jobs/${job.id}/source`);
    expect(response.status).toBe(200);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(picture);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('content-length')).toBe(String(picture.length));
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-security-policy')).toMatch(/default-src 'none'.*sandbox$/);
  });

  test.each([
    ['HTML', '<!doctype html><script>alert(1)</script>'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'],
    ['PDF', '%PDF-1.7'],
    ['a video', '\x00\x00\x00\x1cftypisom'],
    ['a sound in RIFF', 'RIFF\x01\x00\x00\x00WAVE'],
    ['nothing', ''],
  ])('that is %s is refused, though it is called a picture', async (_, text) => {
    const { site, browser, owner } = await createVisitor();
    const job = await upload(site, owner, { name: 'a.png', bytes: Buffer.from(text, 'latin1') });
    const response = await browser.request(`/api/v1/jobs/${job.id}/source`);
    expect(response.status).toBe(415);
    expect(problemSchema.parse(await response.json()).code).toBe('unsupported_type');
  });

  test('that is stored packed is shown as what it is', async () => {
    const { site, browser, owner } = await createVisitor();
    const job = await upload(site, owner, { bytes: gzipSync(tinyGif), contentEncoding: 'gzip' });
    const response = await browser.request(`/api/v1/jobs/${job.id}/source`);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/gif']);
    expect(response.headers.get('content-length')).toBe(String(tinyGif.length));
    expect(Buffer.from(await response.arrayBuffer())).toEqual(tinyGif);
    const head = await browser.request(`/api/v1/jobs/${job.id}/source`, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String(tinyGif.length));
    const headers = { range: 'bytes=0-3' };
    const part = await browser.request(`/api/v1/jobs/${job.id}/source`, { headers });
    expect([part.status, Buffer.from(await part.arrayBuffer())]).toEqual([200, tinyGif]);
  });

  test('that is packed and damaged is refused', async () => {
    const { site, browser, owner } = await createVisitor();
    const stored = gzipSync(tinyGif).subarray(0, -9);
    const job = await upload(site, owner, { bytes: stored, contentEncoding: 'gzip' });
    const response = await browser.request(`/api/v1/jobs/${job.id}/source`);
    expect([response.status, problemSchema.parse(await response.json()).code]).toEqual([
      415,
      'unsupported_type',
    ]);
  });

  test('that is packed and hides gigabytes breaks off at the limit of a file', async () => {
    const { site, browser, owner } = await createVisitor();
    const bomb = gzipSync(Buffer.concat([tinyGif, Buffer.alloc(largestFile + 1)]));
    const job = await upload(site, owner, { bytes: bomb, contentEncoding: 'gzip' });
    const response = await browser.request(`/api/v1/jobs/${job.id}/source`);
    expect(response.headers.get('content-length')).toBeNull();
    let received = 0;
    const read = async () => {
      for await (const chunk of response.body ?? []) received += chunk.length;
    };
    await expect(read()).rejects.toThrow();
    expect(received).toBeLessThanOrEqual(largestFile);
  });

  test('is the generation that the job worked on, not a newer one of that name', async () => {
    const { site, browser, owner, memory } = await createVisitor();
    const job = await upload(site, owner);
    memory.blobs.upload(job.source.bucket, job.source.name, start('\x89PNG\r\n\x1a\n'));
    const response = await browser.request(`/api/v1/jobs/${job.id}/source`);
    expect([response.status, problemSchema.parse(await response.json()).code]).toEqual([404, 'source_gone']);
  });

  test('is not fetched when it is known already', async () => {
    const { site, browser, owner, memory } = await createVisitor();
    const job = await upload(site, owner);
    const path = `/api/v1/jobs/${job.id}/source`;
    const first = await browser.request(path);
    await first.body?.cancel();
    const read = vi.spyOn(memory.blobs, 'read');
    const etag = first.headers.get('etag') ?? '';
    expect((await browser.request(path, { headers: { 'if-none-match': etag } })).status).toBe(304);
    expect(read).not.toHaveBeenCalled();
  });

  test('leaves no file behind', async () => {
    const { site, browser, owner } = await createVisitor();
    const folder = await mkdtemp(join(tmpdir(), 'spillway-test-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    // Where this process alone keeps its files.
    vi.stubEnv('TMPDIR', folder);
    onTestFinished(() => void vi.unstubAllEnvs());
    for (const content of [tinyGif, Buffer.from('text')]) {
      const job = await upload(site, owner, { bytes: content });
      await (await browser.request(`/api/v1/jobs/${job.id}/source`)).arrayBuffer();
      await browser.request(`/api/v1/jobs/${job.id}/source`, { method: 'HEAD' });
    }
    expect(await readdir(folder)).toEqual([]);
  });
});

test.each([
  ['plain.png', `attachment; filename="plain.png"; filename*=UTF-8''plain.png`],
  ['a"b\\c%20.png', `attachment; filename="a_b_c_20.png"; filename*=UTF-8''a%22b%5Cc%2520.png`],
  ["it's (1)*.png", `attachment; filename="it's (1)*.png"; filename*=UTF-8''it%27s%20%281%29%2A.png`],
  ['猫\ud800.png', `attachment; filename="__.png"; filename*=UTF-8''%E7%8C%AB%EF%BF%BD.png`],
  ['a\r\nb', `attachment; filename="a__b"; filename*=UTF-8''a%0D%0Ab`],
])('the name %j stands in a header as %s', (name, header) => {
  expect(attachment(name)).toBe(header);
});
