import { randomUUID } from 'node:crypto';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { expect, test } from 'vitest';
import { newShareToken } from './key-text.ts';
import {
  newShareSchema,
  problemSchema,
  sharedBatchSchema,
  sharedJobPageSchema,
  shareListSchema,
  uploadSchema,
} from './schema.ts';
import { addressHeader, type Browser, createBrowser, createTestApi, tinyGif, upload } from './test-client.ts';
import { fail, succeed } from './test-jobs.ts';
import { makeShare } from './test-shares.ts';

const hour = 3_600_000;

async function codeOf(response: Response): Promise<[number, string]> {
  return [response.status, problemSchema.parse(await response.json()).code];
}

/** A visitor with a batch of one good and one bad picture, and a link to it. */
async function createSite(change?: (ports: Ports) => Ports) {
  const site = createTestApi((ports) => (change ? change(ports) : ports));
  const visitor = createBrowser(site);
  const owner = await visitor.owner();
  const batch = randomUUID();
  const good = await succeed(await upload(site, owner, { metadata: { batch } }), tinyGif, site);
  const bad = await fail(await upload(site, owner, { metadata: { batch } }), site.memory);
  const made = await visitor.post('/api/v1/shares', { batch, name: 'Our holiday', hours: 24 });
  const { token, share } = newShareSchema.parse(await made.json());
  return { site, visitor, owner, batch, good, bad, made, token, share };
}

/** Another device, which has opened the link. */
async function openAs(guest: Browser, token: string): Promise<Response> {
  return guest.post('/api/v1/shared/open', { token });
}

test('a link shows one batch, read-only, to a browser that has nothing else', async () => {
  const { site, batch, good, bad, made, token, share } = await createSite();
  expect([made.status, made.headers.get('cache-control')]).toEqual([201, 'no-store']);
  const guest = createBrowser(site);
  const opened = await openAs(guest, token);
  expect(opened.status).toBe(200);
  expect(sharedBatchSchema.parse(await opened.json())).toEqual({
    id: share.id,
    name: 'Our holiday',
    createdAt: site.clock.now(),
    validUntil: new Date(site.clock.now().getTime() + 24 * hour),
  });
  const [cookie = ''] = opened.headers.getSetCookie();
  expect(cookie).toContain(`Path=/api/v1/shared/${share.id}`);
  expect(cookie).toMatch(/HttpOnly.*SameSite=Strict/);
  expect(cookie).not.toContain(token.slice(4, 20));

  const base = `/api/v1/shared/${share.id}`;
  const list = await (await guest.request(`${base}/jobs`)).text();
  const { jobs, cursor } = sharedJobPageSchema.parse(JSON.parse(list));
  expect(cursor).toBeNull();
  expect(jobs.map(({ id, state, name }) => [id, state, name])).toEqual([
    [bad.id, 'failed', 'holiday.jpg'],
    [good.id, 'succeeded', 'holiday.jpg'],
  ]);
  // Nothing tells whose it is, or of the installation.
  for (const secret of [good.owner ?? '', batch, good.source.bucket, 'route', 'claim', 'receipt']) {
    expect(list).not.toContain(secret);
  }
  const result = await guest.request(`${base}/jobs/${good.id}/result?download`);
  expect([result.status, result.headers.get('content-disposition')]).toEqual([
    200,
    expect.stringContaining('holiday-sketch.png'),
  ]);
  expect((await guest.request(`${base}/jobs/${good.id}/source`)).status).toBe(200);
  expect(await codeOf(await guest.request(`${base}/jobs/${bad.id}/result`))).toEqual([404, 'no_result']);
  for (const method of ['POST', 'DELETE', 'PUT']) {
    const refused = await guest.request(`${base}/jobs/${good.id}/result`, { method });
    expect(await codeOf(refused)).toEqual([405, 'method_not_allowed']);
  }
  // The link is no visitor's cookie.
  expect(await codeOf(await guest.request(`/api/v1/jobs/${good.id}`))).toEqual([404, 'not_found']);
});

test('its captions and its archive have the results of that batch alone', async () => {
  const { site, owner, token, share } = await createSite();
  await succeed(await upload(site, owner, { name: 'secret.jpg' }), tinyGif, site);
  const guest = createBrowser(site);
  await openAs(guest, token);
  const archive = await guest.request(`/api/v1/shared/${share.id}/archive`);
  expect([archive.status, archive.headers.get('content-type')]).toEqual([200, 'application/zip']);
  const bytes = Buffer.from(await archive.arrayBuffer()).toString('latin1');
  expect(bytes).toContain('holiday-sketch.png');
  expect(bytes).not.toContain('secret');
  expect(await codeOf(await guest.request(`/api/v1/shared/${share.id}/captions`))).toEqual([
    404,
    'no_result',
  ]);
  const stranger = createBrowser(site);
  for (const what of ['archive', 'captions', 'jobs']) {
    const refused = await stranger.request(`/api/v1/shared/${share.id}/${what}`);
    expect(await codeOf(refused)).toEqual([401, 'link_required']);
  }
});

test('no other batch is reached by it, of the same owner or of another', async () => {
  const { site, owner, token, share, batch } = await createSite();
  const guest = createBrowser(site);
  await openAs(guest, token);
  const ownOther = await succeed(
    await upload(site, owner, { metadata: { batch: randomUUID() } }),
    tinyGif,
    site,
  );
  const none = await succeed(await upload(site, owner), tinyGif, site);
  // A batch's name is chosen by who uploads: another's batch may have the same.
  const foreign = await succeed(await upload(site, 'f'.repeat(32), { metadata: { batch } }), tinyGif, site);
  const listed = await guest.request(`/api/v1/shared/${share.id}/jobs`);
  const ids = sharedJobPageSchema.parse(await listed.json()).jobs.map(({ id }) => id);
  for (const { id } of [ownOther, none, foreign]) {
    expect(ids).not.toContain(id);
    for (const file of ['result', 'source', 'thumbnail']) {
      const refused = await guest.request(`/api/v1/shared/${share.id}/jobs/${id}/${file}`);
      expect(await codeOf(refused)).toEqual([404, 'not_found']);
    }
  }
});

test('the cookie of one link opens no other', async () => {
  const { site, visitor, batch, token } = await createSite();
  const more = await visitor.post('/api/v1/shares', { batch, name: 'Again', hours: 1 });
  const other = newShareSchema.parse(await more.json()).share;
  const guest = createBrowser(site);
  await openAs(guest, token);
  expect(await codeOf(await guest.request(`/api/v1/shared/${other.id}/jobs`))).toEqual([
    401,
    'link_required',
  ]);
  const forged = guest.cookies.get('spillway_share')?.replace(/^[0-9a-f]{16}/, other.id);
  const response = await site.api.request(`http://site.test/api/v1/shared/${other.id}/jobs`, {
    headers: { cookie: `spillway_share=${forged}` },
  });
  expect(await codeOf(response)).toEqual([401, 'link_required']);
});

test('a revoked link opens nothing, at once here and within ten seconds elsewhere', async () => {
  const { site, visitor, token, share, good } = await createSite();
  const guest = createBrowser(site);
  await openAs(guest, token);
  const path = `/api/v1/shared/${share.id}/jobs/${good.id}/result`;
  expect((await guest.request(path)).status).toBe(200);
  const revoked = await visitor.post(`/api/v1/shares/${share.id}/revoke`);
  expect(revoked.status).toBe(200);
  expect(await codeOf(await guest.request(path))).toEqual([410, 'link_revoked']);
  expect(await codeOf(await openAs(createBrowser(site), token))).toEqual([410, 'link_revoked']);

  const elsewhere = makeShare(site.clock.now(), { owner: good.owner ?? '', batch: good.batch ?? '' });
  await site.ports.shares.create(elsewhere.share);
  await openAs(guest, elsewhere.token);
  const other = `/api/v1/shared/${elsewhere.share.id}/jobs`;
  expect((await guest.request(other)).status).toBe(200);
  const revokedAt = site.clock.now();
  await site.ports.shares.revoke(elsewhere.share.id, { revokedAt, expiresAt: revokedAt });
  site.clock.advance(10_000);
  expect(await codeOf(await guest.request(other))).toEqual([410, 'link_revoked']);
});

test('a link ends at its time, to the millisecond, and so does its cookie', async () => {
  const { site, token, share } = await createSite();
  const guest = createBrowser(site);
  const opened = await openAs(guest, token);
  expect(opened.headers.getSetCookie()[0]).toContain(`Max-Age=${24 * 3_600}`);
  site.clock.advance(24 * hour - 1);
  expect((await guest.request(`/api/v1/shared/${share.id}`)).status).toBe(200);
  site.clock.advance(1);
  expect(await codeOf(await guest.request(`/api/v1/shared/${share.id}`))).toEqual([410, 'link_ended']);
  expect(await codeOf(await openAs(createBrowser(site), token))).toEqual([410, 'link_ended']);
});

test('a token is stored nowhere, and its id alone opens nothing', async () => {
  const { site, visitor, token, share } = await createSite();
  const list = await (await visitor.request('/api/v1/shares')).text();
  expect(shareListSchema.parse(JSON.parse(list)).shares).toEqual([share]);
  const stored = JSON.stringify(await site.ports.shares.get(share.id));
  for (const kept of [list, stored]) expect(kept).not.toContain(token.slice(4, 24));
  expect(list).not.toContain('hash');
  const guest = createBrowser(site);
  expect(await codeOf(await guest.request(`/api/v1/shared/${share.id}`))).toEqual([401, 'link_required']);
  expect(await codeOf(await openAs(guest, share.id))).toEqual([404, 'not_found']);
});

test('guesses are limited by network, and do not shut out who has the link', async () => {
  const { site, token } = await createSite();
  const stranger = createBrowser(site);
  const from = (address: string) => ({ [addressHeader]: address });
  const guess = () => stranger.post('/api/v1/shared/open', { token: newShareToken() }, from('198.51.100.7'));
  for (let tries = 0; tries < 30; tries++) expect((await guess()).status).toBe(404);
  expect(await codeOf(await guess())).toEqual([429, 'too_many_requests']);
  const friend = createBrowser(site);
  expect((await friend.post('/api/v1/shared/open', { token }, from('203.0.113.9'))).status).toBe(200);
  // A typing error is told without a look into the database, and costs nothing.
  for (let tries = 0; tries < 40; tries++) {
    expect(
      (await friend.post('/api/v1/shared/open', { token: `${token}x` }, from('203.0.113.9'))).status,
    ).toBe(404);
  }
  expect((await friend.post('/api/v1/shared/open', { token }, from('203.0.113.9'))).status).toBe(200);
});

test('what one link shows is limited for all its guests together', async () => {
  const { site, token, share, good } = await createSite();
  const guest = createBrowser(site);
  await openAs(guest, token);
  const path = `/api/v1/shared/${share.id}/jobs/${good.id}/result`;
  const statuses = new Map<number, number>();
  for (let request = 0; request < 1_210; request++) {
    const headers = { [addressHeader]: `198.51.${request % 200}.1`, 'if-none-match': '*' };
    const { status } = await guest.request(path, { headers });
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  expect(Object.fromEntries(statuses)).toEqual({ 304: 1_200, 429: 10 });
});

test('nobody ends or lists the links of somebody else', async () => {
  const { site, share } = await createSite();
  const other = createBrowser(site);
  await other.owner();
  expect(await codeOf(await other.post(`/api/v1/shares/${share.id}/revoke`))).toEqual([404, 'not_found']);
  expect(await codeOf(await other.post(`/api/v1/shares/${'0'.repeat(16)}/revoke`))).toEqual([
    404,
    'not_found',
  ]);
  expect(shareListSchema.parse(await (await other.request('/api/v1/shares')).json()).shares).toEqual([]);
  expect((await site.ports.shares.get(share.id))?.revokedAt).toBeNull();
});

test('another site’s page makes and opens no link', async () => {
  const { site, visitor, token, batch } = await createSite();
  const foreign = { origin: 'https://evil.example' };
  const wanted = { batch, name: 'x', hours: 1 };
  expect(await codeOf(await visitor.post('/api/v1/shares', wanted, foreign))).toEqual([403, 'cross_site']);
  expect(await codeOf(await createBrowser(site).post('/api/v1/shared/open', { token }, foreign))).toEqual([
    403,
    'cross_site',
  ]);
});

test.each([
  [{ hours: 0 }],
  [{ hours: 721 }],
  [{ hours: 1.5 }],
  [{ name: ' ' }],
  [{ name: 'x'.repeat(101) }],
  [{ batch: '' }],
  [{ owner: 'somebody else' }],
  [{ validUntil: '2099-01-01T00:00:00Z' }],
])('no link is made with %j', async (change) => {
  const { visitor, batch } = await createSite();
  const refused = await visitor.post('/api/v1/shares', { batch, name: 'x', hours: 1, ...change });
  expect(await codeOf(refused)).toEqual([400, 'invalid_request']);
});

test('a person has 50 links at most, and revoking one makes room', async () => {
  const { site, visitor, owner, batch, share } = await createSite();
  for (let links = 1; links < 50; links++) {
    await site.ports.shares.create(makeShare(site.clock.now(), { owner, batch }).share);
  }
  const wanted = { batch, name: 'x', hours: 1 };
  expect(await codeOf(await visitor.post('/api/v1/shares', wanted))).toEqual([409, 'too_many_links']);
  await visitor.post(`/api/v1/shares/${share.id}/revoke`);
  expect((await visitor.post('/api/v1/shares', wanted)).status).toBe(201);
});

test('a link that is valid stays on the list, however many were made and revoked after it', async () => {
  const { site, visitor, owner, batch, share } = await createSite();
  for (let links = 1; links <= 120; links++) {
    site.clock.advance(1);
    const wanted = { batch, name: 'x', hours: 1 };
    const made = newShareSchema.parse(await (await visitor.post('/api/v1/shares', wanted)).json());
    await visitor.post(`/api/v1/shares/${made.share.id}/revoke`);
  }
  const { shares } = shareListSchema.parse(await (await visitor.request('/api/v1/shares')).json());
  expect(shares.map(({ id }) => id)).toContain(share.id);
  expect(await site.ports.shares.ofOwner(owner, 500)).toHaveLength(100);
});

test('opening a link counts as a question about it, of which there may be so many', async () => {
  const { site, token, share } = await createSite();
  const guest = createBrowser(site);
  const ask = () => site.api.request(`http://site.test/api/v1/shared/${share.id}`);
  for (let questions = 0; questions < 2_999; questions++) await ask();
  expect((await openAs(guest, token)).status).toBe(200);
  expect(await codeOf(await openAs(guest, token))).toEqual([429, 'too_many_requests']);
});

test('a link to a batch that is still being uploaded shows what comes', async () => {
  const { site, visitor, owner } = await createSite();
  const opened = await visitor.post('/api/v1/uploads', {
    fileName: 'a.jpg',
    size: 3,
    operations: ['sketch'],
  });
  const { batchId } = uploadSchema.parse(await opened.json());
  const made = await visitor.post('/api/v1/shares', { batch: batchId, name: 'x', hours: 1 });
  const { token, share } = newShareSchema.parse(await made.json());
  const guest = createBrowser(site);
  await openAs(guest, token);
  const ids = async () => {
    const response = await guest.request(`/api/v1/shared/${share.id}/jobs`);
    return sharedJobPageSchema.parse(await response.json()).jobs.map(({ id }) => id);
  };
  expect(await ids()).toEqual([]);
  const job = await upload(site, owner, { metadata: { batch: batchId } });
  expect(await ids()).toEqual([job.id]);
});

test('a deleted job is no longer shown, and the database’s outage is no wrong guess', async () => {
  let down = false;
  const { site, visitor, token, share, good } = await createSite((ports) => ({
    ...ports,
    shares: {
      ...ports.shares,
      get(id) {
        if (down) throw new Error('down');
        return ports.shares.get(id);
      },
    },
  }));
  const guest = createBrowser(site);
  await openAs(guest, token);
  await visitor.request(`/api/v1/jobs/${good.id}`, { method: 'DELETE' });
  const gone = await guest.request(`/api/v1/shared/${share.id}/jobs/${good.id}/result`);
  expect(await codeOf(gone)).toEqual([404, 'not_found']);
  down = true;
  for (let tries = 0; tries < 40; tries++) expect((await openAs(guest, token)).status).toBe(500);
  down = false;
  expect((await openAs(guest, token)).status).toBe(200);
});
