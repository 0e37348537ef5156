import { text } from 'node:stream/consumers';
import { OutageError, RefusedError } from '@spillway/core/errors.ts';
import { errorReportName } from '@spillway/core/object-names.ts';
import { unclaimedMs } from '@spillway/core/routing/waiting.ts';
import { describe, expect, it } from 'vitest';
import { handleMessage } from './handle-message.ts';
import { retryJob } from './retry.ts';
import { routeUpload } from './route.ts';
import { sweepOnce } from './sweep.ts';
import { workbench } from './testing/workbench.ts';

describe('a finalized upload', () => {
  it('becomes a published job with its route explained', async () => {
    const bench = await workbench();
    const [job] = await bench.drop();
    expect(job).toMatchObject({ state: 'queued', route: { target: 'vm', reason: 'vm_in_time', epoch: 0 } });
    expect(job?.publishedAt).not.toBeNull();
    expect(bench.take('vm')).toEqual({ schemaVersion: 1, jobId: job?.id, epoch: 0 });
  });

  it('makes one job however often and by however many its event is repeated', async () => {
    const bench = await workbench();
    const object = bench.ports.blobs.upload('uploads', 'sketch/cat.jpg', Buffer.from('cat'));
    const routed = await Promise.all(Array.from({ length: 8 }, () => routeUpload(object, null, bench.ports)));
    await routeUpload(object, null, bench.ports);
    expect(new Set(routed.flat().map(({ id }) => id)).size).toBe(1);
    expect((await bench.ports.feed.find({}, 10, null)).jobs).toHaveLength(1);
  });

  it.each([
    ['jobs', 'create'],
    ['sums', 'ledgerInTurn'],
    ['jobs', 'replace'],
  ] as const)('goes on after an outage at %s.%s when its event comes again', async (name, method) => {
    const bench = await workbench();
    const object = bench.ports.blobs.upload('uploads', 'sketch/cat.jpg', Buffer.from('cat'));
    const port = bench.ports[name];
    const original = { ...port };
    const outage = () => Promise.reject(new OutageError('Firestore did not answer.'));
    Object.assign(port, { [method]: outage });
    await expect(routeUpload(object, null, bench.ports)).rejects.toThrow(OutageError);
    Object.assign(port, original);
    await routeUpload(object, null, bench.ports);
    expect(bench.ports.queue.messages.vm).toHaveLength(1);
  });

  it('goes on after an outage of Pub/Sub when its event comes again', async () => {
    const bench = await workbench();
    const object = bench.ports.blobs.upload('uploads', 'sketch/cat.jpg', Buffer.from('cat'));
    const { publish } = bench.ports.queue;
    bench.ports.queue.publish = () => Promise.reject(new OutageError('Pub/Sub did not answer.'));
    await expect(routeUpload(object, null, bench.ports)).rejects.toThrow(OutageError);
    bench.ports.queue.publish = publish;
    await routeUpload(object, null, bench.ports);
    expect(bench.ports.queue.messages.vm).toHaveLength(1);
  });

  it.each([
    [900_000_000, 'file_too_large', /has 858.4 MiB; the limit is 64.0 MiB/],
    [0, 'empty_file', /is empty/],
  ] as const)(
    'of %i bytes fails at once with a report, and nobody downloads it',
    async (size, code, message) => {
      const bench = await workbench();
      const object = bench.ports.blobs.upload('uploads', 'sketch/cat.jpg', Buffer.from('cat'));
      const [job] = await routeUpload({ ...object, size }, null, bench.ports);
      expect(job).toMatchObject({
        state: 'failed',
        error: { code, message: expect.stringMatching(message) },
      });
      expect(bench.ports.queue.messages.vm).toHaveLength(0);
      const name = `sketch/cat.${job?.source.generation}.${job?.id.slice(0, 8)}.error.json`;
      expect(await bench.ports.blobs.read(bench.ports.buckets.results, name)).not.toBeNull();
    },
  );

  it('keeps what stood before it and what was expected of both sides', async () => {
    const bench = await workbench();
    const [first] = await bench.drop('sketch/1.jpg');
    const [second] = await bench.drop('sketch/2.jpg');
    expect(first?.route.ledger?.vm.ahead).toEqual({ jobs: 0, workMs: 0 });
    expect(second?.route).toMatchObject({
      ledger: { vm: { ahead: { jobs: 1, workMs: first?.route.workMs } } },
      predicted: { vm: { inTime: true }, run: { inTime: false }, runClosed: null, budgetMs: 2_000 },
      turnAt: second?.deadlineAt,
    });
    expect(await bench.job(second?.id)).toEqual(second);
  });

  it('is known by the pixels that its uploader says, as far as its bytes allow them', async () => {
    const bench = await workbench();
    const [small] = await bench.drop('sketch/small.jpg');
    const claim = { pixels: '40000000' };
    const [large] = await bench.drop('sketch/large.jpg', claim, Buffer.alloc(200_000));
    const [untrue] = await bench.drop('sketch/untrue.jpg', claim);
    // 50 ms for each of 40 megapixels.
    expect((large?.route.workMs ?? 0) / (small?.route.workMs ?? 0)).toBeCloseTo((150 + 2_000) / 150, 1);
    expect(untrue?.route.workMs).toBe(small?.route.workMs);
  });

  it('that names no known operation becomes a failed job with a report, and no message', async () => {
    const bench = await workbench();
    const [job] = await bench.drop('paint/cat.jpg');
    expect(job).toMatchObject({ state: 'failed', error: { code: 'unknown_operation' }, operation: 'paint' });
    const name = `_unknown/paint/cat.${job?.source.generation}.${job?.id.slice(0, 8)}.error.json`;
    expect(await bench.ports.blobs.read('results', name)).not.toBeNull();
    expect(bench.ports.queue.messages).toEqual({ vm: [], run: [] });
    expect(bench.ports.queue.announced).toMatchObject([{ event: { state: 'failed' } }]);
  });

  it.each([
    ['sketch/cat.jpg', { batch: 'b'.repeat(1_500) }, 'invalid_text'],
    ['sketch/cat.jpg', { upload: '\ud83d' }, 'invalid_text'],
    ['caption/cat.jpg', { options: '{"prompt":"\\ud800 a"}' }, 'invalid_options'],
    ['sketch/\udc00.jpg', {}, 'invalid_text'],
    [`sketch/${'ä'.repeat(600)}.jpg`, {}, 'invalid_text'],
  ])('%j with %j that no store can hold ends as a failed job with a report', async (name, metadata, code) => {
    const bench = await workbench();
    const { ports } = bench;
    const object = { ...ports.blobs.upload('uploads', 'sketch/cat.jpg', Buffer.from('cat')), name, metadata };
    const [job] = await routeUpload(object, null, ports);
    expect(job).toMatchObject({ state: 'failed', error: { code, retryable: false } });
    const report = job && (await ports.blobs.read('results', errorReportName(job)));
    expect(report && JSON.parse(await text(report.stream))).toMatchObject({ code, jobId: job?.id });
    expect(ports.queue.messages).toEqual({ vm: [], run: [] });
    expect(await routeUpload(object, null, ports)).toMatchObject([{ id: job?.id }]);
    expect(await retryJob(job?.id ?? '', ports)).toEqual({ kind: 'refused', why: 'not_runnable' });
  });

  it('whose router ends between the decision and the message is published by the sweep', async () => {
    const bench = await workbench();
    const { publish } = bench.ports.queue;
    bench.ports.queue.publish = () => new Promise(() => {});
    void bench.drop();
    await expect.poll(async () => (await bench.jobs())[0]?.publishedAt ?? null).not.toBeNull();
    bench.ports.queue.publish = publish;
    bench.clock.advance(unclaimedMs + 1_000);
    await bench.beats();
    await sweepOnce('a', bench.ports);
    expect(bench.ports.queue.messages.vm).toHaveLength(1);
  });

  it('that a service refuses ends as a failed job with a report, and its other operations go on', async () => {
    const bench = await workbench();
    const { create } = bench.ports.jobs;
    bench.ports.jobs.create = (job) =>
      job.operation === 'caption' && job.state === 'queued'
        ? Promise.reject(new RefusedError('Firestore refused to create a job.'))
        : create(job);
    const jobs = await bench.drop('cat.jpg', { operation: 'caption,sketch' });
    expect(jobs.map(({ state, error }) => [state, error?.code])).toEqual([
      ['failed', 'service_refused'],
      ['queued', undefined],
    ]);
    const report = jobs[0] && (await bench.ports.blobs.read('results', errorReportName(jobs[0])));
    expect(report && JSON.parse(await text(report.stream))).toMatchObject({ code: 'service_refused' });
  });

  it('that is refused after its reservation ends, and is not left in the queue', async () => {
    const bench = await workbench();
    bench.ports.sums.ledgerInTurn = () =>
      Promise.reject(new RefusedError('The value is too large for a query.'));
    const [job] = await bench.drop();
    expect(job).toMatchObject({ state: 'failed', error: { code: 'service_refused' } });
    expect(await bench.jobs()).toMatchObject([{ state: 'failed' }]);
  });

  it('that a service refuses as all others becomes no failed job', async () => {
    const bench = await workbench();
    bench.ports.jobs.create = () =>
      Promise.reject(new RefusedError('PERMISSION_DENIED', { scope: 'service' }));
    await expect(bench.drop()).rejects.toThrow(RefusedError);
    expect(await bench.jobs()).toEqual([]);
  });

  it('in the results bucket becomes nothing, and a result of ours in the bucket of uploads neither', async () => {
    const bench = await workbench();
    const { ports } = bench;
    await bench.drop();
    await handleMessage(bench.take('vm'), bench.executor());
    const [done] = await bench.jobs();
    const { result } = done ?? {};
    for (const name of [result?.name ?? '', result?.receipt ?? '']) {
      const left = ports.blobs.upload('results', name, Buffer.from('x'));
      expect(await routeUpload(left, null, ports)).toEqual([]);
      const real = name.replace(/\.\d+\./, '.1700000000000001.');
      expect(await routeUpload({ ...left, name: real, bucket: 'uploads' }, null, ports)).toEqual([]);
    }
    expect(await bench.jobs()).toHaveLength(1);
  });

  it.each(['not a trace', '\ud800', 'x'.repeat(2_000)])(
    'with the trace %j gets one of its own',
    async (trace) => {
      const bench = await workbench();
      const object = bench.ports.blobs.upload('uploads', 'sketch/cat.jpg', Buffer.from('cat'));
      const [job] = await routeUpload(object, trace, bench.ports);
      expect(job).toMatchObject({ trace: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/) });
    },
  );
});
