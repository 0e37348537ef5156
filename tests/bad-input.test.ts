import { errorReportSchema } from '@spillway/core/receipt.ts';
import { afterAll, describe, expect, it } from 'vitest';
import { drop, endedJobs, firestore, readResultJson } from './drop.ts';
import { drawnJpeg } from './pictures.ts';

afterAll(() => firestore.terminate());

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
