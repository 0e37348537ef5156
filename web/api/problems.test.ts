import { OutageError, RefusedError, StorageFullError } from '@spillway/core/errors.ts';
import { describe, expect, test, vi } from 'vitest';
import { healthSchema, problemSchema } from './schema.ts';
import { createAdmin, createBrowser, createTestApi, origin } from './test-client.ts';

const json = { 'content-type': 'application/json', origin };

interface Case {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
  status: number;
  code: string;
}
const cases: Record<string, Case> = {
  'an unknown address': { path: '/api/v1/nothing', status: 404, code: 'unknown_route' },
  'an unknown address outside v1': { path: '/api/nothing', status: 404, code: 'unknown_route' },
  'a wrong method': { method: 'PUT', path: '/api/v1/jobs', status: 405, code: 'method_not_allowed' },
  'a wrong method for a job': {
    method: 'PATCH',
    path: '/api/v1/jobs/a',
    status: 405,
    code: 'method_not_allowed',
  },
  'a wrong method for events': {
    method: 'POST',
    path: '/api/v1/events',
    status: 405,
    code: 'method_not_allowed',
  },
  'an unknown job': { path: '/api/v1/jobs/abc', status: 404, code: 'not_found' },
  'an id that the database keeps for itself': {
    path: '/api/v1/jobs/__proto__',
    status: 400,
    code: 'invalid_request',
  },
  'an id with a slash': { path: '/api/v1/jobs/a%2Fb', status: 400, code: 'invalid_request' },
  'an id that is badly encoded': { path: '/api/v1/jobs/%ED%A0%80', status: 400, code: 'invalid_request' },
  'a filter with NUL': { path: '/api/v1/jobs?batch=a%00b', status: 400, code: 'invalid_request' },
  'a filter that no index holds': {
    path: `/api/v1/jobs?upload=${'x'.repeat(1_500)}`,
    status: 400,
    code: 'invalid_request',
  },
  'an id that cannot be one': { path: '/api/v1/jobs/a.b', status: 400, code: 'invalid_request' },
  'a filter that there is not': { path: '/api/v1/jobs?sate=failed', status: 400, code: 'invalid_request' },
  'a parameter where none is known': { path: '/api/v1/operations?x=1', status: 400, code: 'invalid_request' },
  'a cursor that no page has given': {
    path: '/api/v1/jobs?cursor=1.x',
    status: 400,
    code: 'invalid_request',
  },
  'a limit that is too high': { path: '/api/v1/jobs?limit=101', status: 400, code: 'invalid_request' },
  'an unknown state': { path: '/api/v1/jobs?state=lost', status: 400, code: 'invalid_request' },
  'no JSON': { method: 'POST', path: '/api/v1/uploads', body: '{', status: 400, code: 'invalid_json' },
  'a wrong body': {
    method: 'POST',
    path: '/api/v1/uploads',
    body: '[]',
    status: 400,
    code: 'invalid_request',
  },
  'no body': { method: 'POST', path: '/api/v1/uploads', status: 400, code: 'invalid_json' },
  'a body that is a form': {
    method: 'POST',
    path: '/api/v1/uploads',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'a=b',
    status: 415,
    code: 'unsupported_media_type',
  },
  'a body that is too large': {
    method: 'POST',
    path: '/api/v1/uploads',
    body: JSON.stringify('x'.repeat(70_000)),
    status: 413,
    code: 'body_too_large',
  },
};

test.each(Object.entries(cases))(
  '%s is a problem with a code',
  async (_, { path, status, code, ...init }) => {
    const { api } = createTestApi();
    const response = await api.request(`${origin}${path}`, {
      ...init,
      headers: { ...json, ...init.headers },
    });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const problem = problemSchema.parse(await response.json());
    expect(problem).toMatchObject({ status, code, type: `urn:spillway:problem:${code}` });
    expect(problem.detail).not.toBe('');
  },
);

test('a wrong method is told the right ones', async () => {
  const { api } = createTestApi();
  const response = await api.request(`${origin}/api/v1/jobs/a`, { method: 'PATCH', headers: json });
  expect(response.headers.get('allow')).toBe('DELETE, GET, HEAD');
});

test('an outage is 503, to be tried again, and logged', async () => {
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const site = createTestApi((ports) => ({
    ...ports,
    log,
    feed: {
      ...ports.feed,
      find: async () => {
        throw new OutageError('Firestore at 10.1.2.3 did not answer');
      },
    },
  }));
  const response = await createBrowser(site).request('/api/v1/jobs');
  expect(response.status).toBe(503);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  const text = await response.text();
  expect(problemSchema.parse(JSON.parse(text)).code).toBe('unavailable');
  expect(text).not.toContain('10.1.2.3');
  expect(log.error).toHaveBeenCalledOnce();
});

test.each([
  [new RefusedError('INVALID_ARGUMENT: 10.1.2.3'), 400, 'invalid_request'],
  [new RefusedError('PERMISSION_DENIED: 10.1.2.3', { scope: 'service' }), 503, 'unavailable'],
])('a refusal is the request’s, or everybody’s: %s', async (error, status, code) => {
  const site = createTestApi((ports) => ({
    ...ports,
    feed: { ...ports.feed, find: () => Promise.reject(error) },
  }));
  const response = await createBrowser(site).request('/api/v1/jobs');
  expect(response.status).toBe(status);
  const text = await response.text();
  expect(problemSchema.parse(JSON.parse(text)).code).toBe(code);
  expect(text).not.toContain('10.1.2.3');
});

test('a storage without room is 507, and logged with what the storage says', async () => {
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const full = new StorageFullError('The disk /dev/sda1 would have less than 512 MB free.');
  const site = createTestApi((ports) => ({
    ...ports,
    log,
    blobs: { ...ports.blobs, openUpload: () => Promise.reject(full) },
  }));
  const body = { fileName: 'a.png', contentType: 'image/png', size: 10, operations: ['sketch'], files: 1 };
  const response = await createBrowser(site).post('/api/v1/uploads', body);
  expect([response.status, response.headers.get('retry-after')]).toEqual([507, null]);
  const text = await response.text();
  expect(problemSchema.parse(JSON.parse(text)).code).toBe('storage_full');
  expect(text).not.toContain('sda1');
  expect(log.error).toHaveBeenCalledOnce();
});

test('an unexpected error is 500 without internals', async () => {
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const site = createTestApi((ports) => ({
    ...ports,
    log,
    settings: { ...ports.settings, readRouting: () => Promise.reject(new TypeError('the password is 1234')) },
  }));
  const response = await (await createAdmin(site)).request('/api/v1/admin/settings');
  expect(response.status).toBe(500);
  const text = await response.text();
  expect(problemSchema.parse(JSON.parse(text)).code).toBe('internal');
  expect(text).not.toContain('1234');
  expect(log.error).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ error: expect.any(TypeError) }),
    expect.any(String),
  );
});

describe('health', () => {
  test('touches nothing', async () => {
    const get = vi.fn();
    const site = createTestApi((ports) => ({ ...ports, jobs: { ...ports.jobs, get } }));
    const response = await site.api.request('/api/health');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'ok', version: 'test' });
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(get).not.toHaveBeenCalled();
  });

  test('asks the database when told to', async () => {
    expect((await createTestApi().api.request('/api/health?deep')).status).toBe(200);
    const broken = createTestApi((ports) => ({
      ...ports,
      jobs: { ...ports.jobs, get: () => Promise.reject(new OutageError('gone')) },
    }));
    const response = await broken.api.request('/api/health?deep');
    expect(response.status).toBe(503);
    expect(healthSchema.parse(await response.json()).status).toBe('unavailable');
  });

  test('asks the database once a second, whoever asks', async () => {
    const get = vi.fn(async () => null);
    const site = createTestApi((ports) => ({ ...ports, jobs: { ...ports.jobs, get } }));
    for (let index = 0; index < 50; index++) await site.api.request('/api/health?deep');
    expect(get).toHaveBeenCalledOnce();
    site.clock.advance(1_000);
    expect((await site.api.request('/api/health?deep')).status).toBe(200);
    expect(get).toHaveBeenCalledTimes(2);
  });

  test('does not wait for a database that hangs', async () => {
    vi.useFakeTimers();
    const hanging = createTestApi((ports) => ({
      ...ports,
      jobs: { ...ports.jobs, get: () => new Promise(() => {}) },
    }));
    const response = hanging.api.request('/api/health?deep');
    await vi.advanceTimersByTimeAsync(2_000);
    expect((await response).status).toBe(503);
    vi.useRealTimers();
  });
});
