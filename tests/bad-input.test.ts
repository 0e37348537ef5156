import { errorReportSchema } from '@spillway/core/receipt.ts';
import { problemSchema } from '@spillway/web/api/schema.ts';
import { describe, expect, inject, it } from 'vitest';
import { adminTokenOf } from './admin-token.ts';
import { drop, endedJobs, readResultJson } from './drop.ts';
import { drawnJpeg } from './pictures.ts';
import { Visitor } from './visitor.ts';

const truncated = async () => {
  const whole = await drawnJpeg(7, 1_200, 900);
  return whole.subarray(0, Math.floor(whole.length / 2));
};

describe('bad input ends failed, once, with a code and a report', () => {
  it.each([
    [
      'an unknown operation',
      'paint/disc.jpg',
      () => drawnJpeg(8),
      {},
      'unknown_operation',
      '_unknown/paint/disc',
    ],
    ['no operation at all', 'disc.jpg', () => drawnJpeg(9), {}, 'unknown_operation', '_unknown/disc'],
    [
      'options that do not exist',
      'sketch/o.jpg',
      () => drawnJpeg(10),
      { options: '{"x":1}' },
      'invalid_options',
      'sketch/o',
    ],
    [
      'a text file named .jpg',
      'sketch/text.jpg',
      () => Buffer.from('This is no picture.\n'.repeat(99)),
      {},
      'unsupported_type',
      'sketch/text',
    ],
    ['an empty file', 'sketch/empty.jpg', () => Buffer.alloc(0), {}, 'empty_file', 'sketch/empty'],
    ['a truncated JPEG', 'sketch/cut.jpg', truncated, {}, 'corrupt_image', 'sketch/cut'],
  ])('%s', async (_, name, bytes, metadata, code, stem) => {
    const generation = await drop(name, await bytes(), metadata);
    const [job, ...others] = await endedJobs(name);
    expect(others).toEqual([]);
    expect(job).toMatchObject({ state: 'failed', error: { code, retryable: false }, result: null });
    expect(job?.attempt).toBeLessThanOrEqual(1);
    const report = await readResultJson(`${stem}.${generation}.${job?.id.slice(0, 8)}.error.json`);
    expect(errorReportSchema.parse(report)).toMatchObject({
      ...job?.error,
      jobId: job?.id,
      source: { name, generation },
    });
  });

  it('one operation of two fails alone', async () => {
    await drop('both/disc.jpg', await drawnJpeg(11), { operation: 'sketch,paint' });
    const jobs = await endedJobs('both/disc.jpg', 2);
    const outcomes = jobs.map(({ operation, state }) => `${operation} ${state}`);
    expect(outcomes.sort()).toEqual(['paint failed', 'sketch succeeded']);
  });
});

describe('the site refuses text that no store can hold, and finds nothing under such a name', () => {
  const { web, adminUrl } = inject('stack');
  const authorization = `Bearer ${adminTokenOf(adminUrl)}`;
  const post = { fileName: 'a.jpg', size: 3, operations: ['caption'] };
  const owners = (name: string) => ({ routing: { shares: { owners: { [name]: 2 } } } });

  it.each<[string, string, string, unknown, number]>([
    ['a file name with half a character', 'POST', 'uploads', { ...post, fileName: 'a\ud800.jpg' }, 400],
    ['a prompt with NUL', 'POST', 'uploads', { ...post, options: { caption: { prompt: '\0' } } }, 422],
    ['an id that the database reserves', 'GET', 'jobs/__proto__', undefined, 400],
    ['a result of such an id', 'GET', 'jobs/__x__/result', undefined, 400],
    ['an id of dots', 'GET', 'jobs/%2e%2e%2f', undefined, 400],
    ['a filter with NUL', 'GET', 'jobs?upload=%00', undefined, 400],
    ['a filter that no index holds', 'GET', `jobs?batch=${'x'.repeat(1_500)}`, undefined, 400],
    ['the longest filter', 'GET', `jobs?batch=${'x'.repeat(1_499)}`, undefined, 200],
    ['a time after the last one', 'GET', 'jobs?cursor=999999999999.0.abc', undefined, 400],
    ['a reserved id in a cursor', 'GET', 'jobs?cursor=1.0.__proto__', undefined, 400],
    ['a reserved owner', 'GET', 'admin/jobs?owner=__x__', undefined, 200],
    ['a worker of a reserved name', 'POST', 'admin/workers/__x__/resume', undefined, 404],
    ['an owner with half a character', 'PUT', 'admin/settings', owners('a\udfff'), 400],
    ['a reserved owner in the settings', 'PUT', 'admin/settings', owners('__x__'), 400],
  ])('%s', async (_, method, path, body, status) => {
    const response = await new Visitor(web).request(`/api/v1/${path}`, {
      method,
      headers: { authorization, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const answer: unknown = await response.json();
    expect([response.status, answer]).toEqual([status, expect.anything()]);
    if (status >= 400) expect(problemSchema.parse(answer).status).toBe(status);
    else expect(answer).toEqual({ jobs: [], cursor: null });
  });
});
