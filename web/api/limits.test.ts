import { describe, expect, test } from 'vitest';
import { problemSchema } from './schema.ts';
import {
  addressHeader,
  adminToken,
  type Browser,
  createAdmin,
  createBrowser,
  createTestApi,
  origin,
  type TestApi,
  upload,
} from './test-client.ts';
import { readEvents } from './test-events.ts';

const body = JSON.stringify({ fileName: 'a.jpg', size: 3, operations: ['sketch'] });

async function openUpload({ api }: TestApi, headers: Record<string, string> = {}): Promise<Response> {
  const json = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' };
  return api.request(`${origin}/api/v1/uploads`, { method: 'POST', body, headers: { ...json, ...headers } });
}

/** The cookie of a visitor who has only just come. */
async function newCookie({ api }: TestApi, address: string): Promise<string> {
  const response = await api.request(`${origin}/api/v1/jobs`, { headers: { [addressHeader]: address } });
  return response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

async function statuses(count: number, request: () => Promise<Response>): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (let index = 0; index < count; index++) {
    const { status } = await request();
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

describe('upload sessions', () => {
  test('of one visitor: 500 at once, then two a second, each refusal with the time to wait', async () => {
    const site = createTestApi();
    const cookie = await newCookie(site, '192.0.2.1');
    expect(await statuses(510, () => openUpload(site, { cookie }))).toEqual({ 201: 500, 429: 10 });
    const refused = await openUpload(site, { cookie });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(problemSchema.parse(await refused.json())).toMatchObject({
      code: 'too_many_requests',
      detail: 'Too many uploads in a short time. Try again in a second.',
    });
    site.clock.advance(1_000);
    expect(await statuses(5, () => openUpload(site, { cookie }))).toEqual({ 201: 2, 429: 3 });
  });

  test('without a cookie are few from one address, and do not use up those of who has one', async () => {
    const site = createTestApi();
    const cookie = await newCookie(site, '192.0.2.1');
    expect(await statuses(697, () => openUpload(site))).toEqual({ 201: 120, 429: 577 });
    expect((await openUpload(site, { cookie })).status).toBe(201);
    expect((await openUpload(site, { [addressHeader]: '192.0.2.2' })).status).toBe(201);
  });

  test('of one address are bounded, though each comes with a new cookie', async () => {
    const site = createTestApi();
    const cookies: string[] = [];
    for (let index = 0; index < 700; index++) {
      // The cookies themselves come from everywhere.
      cookies.push(await newCookie(site, `10.0.${index % 250}.1`));
    }
    const counts = await statuses(700, () => openUpload(site, { cookie: cookies.pop() ?? '' }));
    expect(counts).toEqual({ 201: 600, 429: 100 });
  });

  test('that are refused for what they say count like the others', async () => {
    const site = createTestApi();
    const counts = await statuses(130, () => openUpload(site, { 'content-type': 'text/plain' }));
    expect(counts).toEqual({ 415: 120, 429: 10 });
  });

  test('of an admin are not limited', async () => {
    const site = createTestApi();
    const authorization = `Bearer ${adminToken}`;
    expect(await statuses(700, () => openUpload(site, { authorization }))).toEqual({ 201: 700 });
  });
});

describe('everything else a visitor may do', () => {
  test.each([
    ['retries', 'POST', '/retry', 300],
    ['cancels', 'POST', '/cancel', 300],
    ['deletes', 'DELETE', '', 300],
    ['results', 'GET', '/result', 1_200],
    ['originals', 'GET', '/source', 1_200],
    ['questions', 'GET', '', 3_000],
  ])('%s are limited', async (_, method, action, most) => {
    const site = createTestApi();
    const browser = createBrowser(site);
    await browser.owner();
    // What is not there is answered like what is: the request counts.
    const ask = (visitor: Browser) =>
      visitor.request(`/api/v1/jobs/abc${action}`, method === 'GET' ? {} : { method });
    const counts = await statuses(most + 20, () => ask(browser));
    expect(counts).toEqual({ 404: most, 429: 20 });
    expect((await ask(createBrowser(site))).status).toBe(404);
  });
});

describe('event streams', () => {
  /** Opens a stream; it stays open. */
  const open = ({ api }: TestApi, headers: Record<string, string>) =>
    api.request(`${origin}/api/v1/events`, { headers });

  test('of strangers are bounded, and keep no admin out', async () => {
    const site = createTestApi();
    const opened: Response[] = [];
    for (let index = 0; index < 500; index++) {
      const response = await open(site, { [addressHeader]: `192.0.2.${index % 3}` });
      if (response.status === 200) opened.push(response);
      else expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(opened).toHaveLength(180);
    const admin = await createAdmin(site);
    const everything = readEvents(await admin.request('/api/v1/admin/events'));
    await everything.until('present');
    await everything.leave();
    for (const { body } of opened) await body?.cancel();
    expect([site.streams.open, site.clock.timerCount]).toEqual([0, 0]);
  });

  test('of an owner without jobs end after a minute and say why', async () => {
    const site = createTestApi();
    const browser = createBrowser(site);
    await browser.owner();
    const stream = readEvents(await browser.request('/api/v1/events'));
    await stream.until('present');
    site.clock.advance(59_999);
    expect(site.streams.open).toBe(1);
    site.clock.advance(1);
    expect(await stream.next()).toMatchObject({ event: 'idle', data: {} });
    expect(await stream.next()).toBeNull();
    expect([site.streams.open, site.liveJobs.watches, site.clock.timerCount]).toEqual([0, 0, 0]);
  });

  test('of an owner who has a job, or gets one, go on', async () => {
    const site = createTestApi();
    const [early, late] = [createBrowser(site), createBrowser(site)];
    await upload(site, await early.owner());
    const streams = [early, late].map(async (browser) => {
      await browser.owner();
      const stream = readEvents(await browser.request('/api/v1/events'));
      await stream.until('present');
      return stream;
    });
    const [first, second] = await Promise.all(streams);
    await upload(site, await late.owner());
    await second?.next();
    site.clock.advance(60_000);
    site.clock.advance(60_000);
    expect(site.streams.open).toBe(2);
    await first?.leave();
    await second?.leave();
  });

  test('are not opened again and again', async () => {
    const site = createTestApi();
    const browser = createBrowser(site);
    await browser.owner();
    const counts = await statuses(30, async () => {
      const response = await browser.request('/api/v1/events');
      if (response.status === 200) await response.body?.cancel();
      return response;
    });
    expect(counts).toEqual({ 200: 20, 429: 10 });
  });
});
