import { Readable } from 'node:stream';
import { overTime } from '@spillway/core/steps.ts';
import { changeJob } from '@spillway/pipeline/change-job.ts';
import type { Blobs, ByteRange } from '@spillway/pipeline/ports/blobs.ts';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startTestSite } from '../test-site.ts';
import { problemSchema } from './schema.ts';
import { createBrowser, createTestApi, tinyGif, upload } from './test-client.ts';
import { succeed } from './test-jobs.ts';

const mebibyte = 1_024 * 1_024;
const large = 200 * mebibyte;
const jpeg = Buffer.from('\xff\xd8\xff\xe0', 'latin1');

/** Byte `at` of a large file. */
const byteAt = (at: number) => jpeg[at] ?? at % 251;

/** Large objects that are made while they are read; `made` counts the bytes. */
function largeBlobs(blobs: Blobs, addresses: string | null = null) {
  const counted = { made: 0 };
  const piece = 64 * 1_024;
  const pattern = Buffer.from(Array.from({ length: piece + 251 }, (_, index) => index % 251));
  function* bytesOf({ first, last }: ByteRange) {
    for (let at = first; at <= last; at += piece) {
      const chunk = Buffer.from(pattern.subarray(at % 251).subarray(0, Math.min(piece, last + 1 - at)));
      if (at < jpeg.length) jpeg.copy(chunk, 0, at);
      counted.made += chunk.length;
      yield chunk;
    }
  }
  const read = vi.fn<Blobs['read']>((_bucket, _name, { range = { first: 0, last: large - 1 } } = {}) => ({
    stream: Readable.from(bytesOf(range), { objectMode: false }),
    contentType: 'image/jpeg',
    size: range.last - range.first + 1,
  }));
  const readAddress = vi.fn<Blobs['readAddress']>(() => addresses);
  return { counted, read, readAddress, blobs: { ...blobs, read, readAddress } };
}

/** A visitor with a job whose original and result are large. */
async function visitorOfLarge(addresses: string | null = null) {
  const made: Partial<ReturnType<typeof largeBlobs>> = {};
  const site = createTestApi((memory) => {
    const { blobs, ...more } = largeBlobs(memory.blobs, addresses);
    Object.assign(made, more);
    return { ...memory, blobs };
  });
  const browser = createBrowser(site);
  const job = await succeed(await upload(site, await browser.owner()), tinyGif, site);
  await overTime(
    changeJob(site.ports.jobs, job.id, (current) => ({
      ...current,
      source: { ...current.source, size: large },
      result: current.result && { ...current.result, size: large, contentType: 'image/jpeg' },
    })),
  );
  const { counted, read, readAddress } = made;
  if (!counted || !read || !readAddress) throw new Error('The API took no ports.');
  return { ...site, browser, job, counted, read, readAddress };
}

describe.each(['result', 'source'] as const)('a %s of 200 MiB', (kind) => {
  const pathOf = ({ job }: { job: { id: string } }) => `/api/v1/jobs/${job.id}/${kind}`;

  test('is sent in chunks, without a Content-Length, and only as fast as it is taken', async () => {
    const visitor = await visitorOfLarge();
    const response = await visitor.browser.request(pathOf(visitor));
    expect([response.status, response.headers.get('content-length')]).toEqual([200, null]);
    expect(response.headers.get('accept-ranges')).toBe('bytes');
    let received = 0;
    let mostAhead = 0;
    for await (const chunk of response.body ?? []) {
      received += chunk.length;
      mostAhead = Math.max(mostAhead, visitor.counted.made - received);
    }
    expect(received).toBe(large);
    expect(mostAhead).toBeLessThan(mebibyte);
  });

  test('is of exactly one generation', async () => {
    const visitor = await visitorOfLarge();
    const { job, read, browser } = visitor;
    await (await browser.request(pathOf(visitor), { headers: { range: 'bytes=100-199' } })).arrayBuffer();
    const of = kind === 'result' ? job.result : job.source;
    expect(read).toHaveBeenCalled();
    for (const [bucket, name, part] of read.mock.calls) {
      expect([bucket, name, part?.generation]).toEqual([of?.bucket, of?.name, of?.generation]);
    }
  });

  test.each([
    ['bytes=0-99', 0, 99],
    ['bytes=1000000-1000099', 1_000_000, 1_000_099],
    ['bytes=-5', large - 5, large - 1],
  ])('gives the part %s', async (range, first, last) => {
    const visitor = await visitorOfLarge();
    const response = await visitor.browser.request(pathOf(visitor), { headers: { range } });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${first}-${last}/${large}`);
    expect(response.headers.get('content-length')).toBe(String(last - first + 1));
    const expected = Array.from({ length: last - first + 1 }, (_, index) => byteAt(first + index));
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual(expected);
    expect(visitor.counted.made).toBeLessThan(mebibyte);
  });

  test('gives a large part in chunks, too', async () => {
    const visitor = await visitorOfLarge();
    const headers = { range: `bytes=${mebibyte}-` };
    const response = await visitor.browser.request(pathOf(visitor), { headers });
    expect([response.status, response.headers.get('content-length')]).toEqual([206, null]);
    expect(response.headers.get('content-range')).toBe(`bytes ${mebibyte}-${large - 1}/${large}`);
    await response.body?.cancel();
  });

  test('has no part beyond its end', async () => {
    const visitor = await visitorOfLarge();
    const headers = { range: `bytes=${large}-` };
    const response = await visitor.browser.request(pathOf(visitor), { headers });
    expect(problemSchema.parse(await response.json()).code).toBe('range_not_satisfiable');
    expect([response.status, response.headers.get('content-range')]).toEqual([416, `bytes */${large}`]);
  });

  test('comes from the bucket where the account can sign an address, which ends within minutes', async () => {
    const address = 'https://storage.test/signed';
    const visitor = await visitorOfLarge(address);
    const response = await visitor.browser.request(pathOf(visitor), { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([302, address]);
    expect(response.headers.get('cache-control')).toBe('private, no-store');
    const of = kind === 'result' ? visitor.job.result : visitor.job.source;
    const [blob, answer] = visitor.readAddress.mock.calls[0] ?? [];
    expect(blob).toMatchObject({ bucket: of?.bucket, name: of?.name, generation: of?.generation });
    expect(answer).toEqual({ contentType: 'image/jpeg', disposition: null, forMs: 300_000 });
    // Of the original, the first bytes were looked at.
    expect(visitor.counted.made).toBe(kind === 'result' ? 0 : 32);
  });
});

test('what is small or no picture is never fetched from the bucket', async () => {
  const readAddress = vi.fn<Blobs['readAddress']>(() => 'https://storage.test/signed');
  const site = createTestApi((memory) => ({ ...memory, blobs: { ...memory.blobs, readAddress } }));
  const browser = createBrowser(site);
  const job = await succeed(await upload(site, await browser.owner()), tinyGif, site);
  for (const kind of ['result', 'source']) {
    expect((await browser.request(`/api/v1/jobs/${job.id}/${kind}`)).status).toBe(200);
  }
  await overTime(
    changeJob(site.ports.jobs, job.id, (current) => ({
      ...current,
      result: current.result && { ...current.result, size: large, contentType: 'application/json' },
    })),
  );
  expect((await browser.request(`/api/v1/jobs/${job.id}/result`)).status).toBe(200);
  expect(readAddress).not.toHaveBeenCalled();
});

test('over a real connection, a reader who takes nothing holds up a file of 200 MiB, and one who takes all has it', async () => {
  const { site, memory } = await startTestSite();
  onTestFinished(() => site.close());
  const { blobs, counted } = largeBlobs(memory.blobs);
  Object.assign(memory.blobs, { read: blobs.read });
  const cookie = (await fetch(`${site.url}/api/v1/jobs`)).headers.get('set-cookie')?.split(';')[0] ?? '';
  const owner = /=([0-9a-f]{32})\./.exec(cookie)?.[1] ?? '';
  const job = await upload({ memory, ports: memory }, owner);
  const stalled = await fetch(`${site.url}/api/v1/jobs/${job.id}/source`, { headers: { cookie } });
  expect([stalled.status, stalled.headers.get('transfer-encoding')]).toEqual([200, 'chunked']);
  const { promise: still, resolve } = Promise.withResolvers<void>();
  let before = -1;
  const watching = setInterval(() => {
    if (before === counted.made) resolve();
    before = counted.made;
  }, 100);
  await still;
  clearInterval(watching);
  // What the sockets of both sides hold.
  expect(counted.made).toBeLessThan(large / 4);
  let received = 0;
  for await (const chunk of stalled.body ?? []) received += chunk.length;
  expect(received).toBe(large);
});
