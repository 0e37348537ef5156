import { errorReportName } from '@spillway/core/object-names.ts';
import { describe, expect, inject, it } from 'vitest';
import { drop, endedJobs, jobsOf, readResultJson, storage } from './drop.ts';
import { drawnJpeg } from './pictures.ts';
import { Visitor } from './visitor.ts';

const stack = inject('stack');

describe('text that Firestore cannot hold', () => {
  it.each([
    ['a batch of 1,500 bytes', 'sketch/long-batch.jpg', { batch: 'b'.repeat(1_500) }, 'invalid_text'],
    ['an upload of 500 characters', 'sketch/long-upload.jpg', { upload: '猫'.repeat(500) }, 'invalid_text'],
    [
      'half a character in an option',
      'caption/x.jpg',
      { options: '{"prompt":"\\ud800 a"}' },
      'invalid_options',
    ],
    ['NUL in an option', 'caption/y.jpg', { options: '{"prompt":"a\\u0000b"}' }, 'invalid_options'],
    [
      'an operation of 4,000 bytes',
      'long-operation.jpg',
      { operation: 'o'.repeat(4_000) },
      'unknown_operation',
    ],
  ])('comes as %s and ends as a failed job with a report', async (_, name, metadata, code) => {
    await drop(name, await drawnJpeg(1), metadata);
    const [job] = await endedJobs(name);
    expect(job).toMatchObject({ state: 'failed', error: { code } });
    expect(job && (await readResultJson(errorReportName(job)))).toMatchObject({ code, jobId: job?.id });
  });

  it('is refused by the site with a code, and no request meets an error of ours', async () => {
    const visitor = new Visitor(stack.web);
    const upload = { fileName: 'a\ud800.jpg', contentType: 'image/jpeg', size: 10, operations: ['sketch'] };
    const opened = await visitor.request('/api/v1/uploads', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(upload),
    });
    expect(opened.status).toBe(400);
    for (const id of ['__proto__', '__x__', '..%2f', 'a%00b']) {
      expect((await visitor.request(`/api/v1/jobs/${id}`)).status, id).toBeGreaterThanOrEqual(400);
      expect((await visitor.request(`/api/v1/jobs/${id}`)).status, id).toBeLessThan(500);
    }
  });
});

describe('parts of a parallel upload', () => {
  it('are no uploads; what is composed of them is', async () => {
    const picture = await drawnJpeg(2);
    const folder = 'gcloud/tmp/parallel_composite_uploads/see_gcloud_storage_cp_help_for_details';
    const parts = [picture.subarray(0, 1_000), picture.subarray(1_000)];
    for (const [index, part] of parts.entries()) await drop(`${folder}/1a2b_component_${index}`, part);
    await drop('sketch/composed.jpg', Buffer.concat(parts));
    // Events of the parts have passed the same queue before.
    expect(await endedJobs('sketch/composed.jpg')).toMatchObject([{ state: 'succeeded' }]);
    for (const index of parts.keys()) expect(await jobsOf(`${folder}/1a2b_component_${index}`)).toEqual([]);
    const [reports] = await storage.bucket(stack.buckets.results).getFiles({ prefix: '_unknown/gcloud/' });
    expect(reports).toEqual([]);
  });
});
