import type { Job } from '@spillway/core/job.ts';
import { later, noon, sampleJob } from '@spillway/core/testing/sample-job.ts';
import type { Outcome } from '@spillway/pipeline/outcome.ts';
import { describe, expect, it } from 'vitest';
import { OperationStatsBook } from './operation-stats.ts';

const empty = { jobs: 0, workMs: 0 };
const side = {
  waitMs: 0,
  deliveryMs: 0,
  serviceMs: 0,
  ioMs: 0,
  spreadMs: 0,
  finishMs: 0,
  dollars: 0,
  inTime: true,
};
const predicted = { vm: side, run: side, runClosed: null, budgetMs: 0 };
const alone = { vm: { running: empty, ahead: empty }, run: empty };

/** A job that was decided at noon with nothing before it, and claimed `waitMs` later. Its I/O took 30 ms. */
function served(
  waitMs: number,
  route: Partial<Job['route']> = {},
  { processMs = 100, slotWaitMs = 0 } = {},
): Outcome {
  const job = sampleJob();
  const totalMs = waitMs + 10 + slotWaitMs + processMs + 20;
  const timings = { waitMs, downloadMs: 10, slotWaitMs, processMs, storeMs: 20, totalMs };
  return {
    kind: 'succeeded',
    ack: true,
    job: {
      ...job,
      attempt: 1,
      timings,
      route: { ...job.route, ledger: alone, predicted, at: noon, ...route },
    },
  };
}

const emptyResult = {
  bucket: '',
  name: '',
  generation: '',
  contentType: '',
  size: 0,
  crc32c: '',
  width: 0,
  height: 0,
  model: null,
  notes: [],
  receipt: '',
  thumbnails: null,
  mask: null,
};

describe('what a worker learns', () => {
  it('is service times, as ratios to the prior for that picture', () => {
    const book = new OperationStatsBook(() => later(-60_000));
    for (const processMs of [100, 200, 300, 400, 500]) book.record(served(0, {}, { processMs }), 9_000);
    const stats = book.perOperation().sketch;
    // A file of 1 kB is taken for the smallest picture there is: 64 by 64 pixels.
    const prior = 150 + (50 * 64 * 64) / 1e6;
    expect(stats?.learned?.all.p50).toBeCloseTo(300 / prior, 6);
    expect(stats?.learned?.all.p90).toBeCloseTo(500 / prior, 6);
    expect(stats).toMatchObject({ succeeded: 5, failed: 0 });
    expect(book.learned().sketch).toEqual(stats?.learned);
  });

  it('is learned from the pixels that were decoded, whatever their sender said', () => {
    const book = new OperationStatsBook(() => later(-60_000));
    const claimed = served(0, {}, { processMs: 650 });
    if (claimed.kind !== 'succeeded') throw new Error('A job that succeeded was asked for.');
    const result = { ...emptyResult, decodedPixels: 10e6 };
    const job = { ...claimed.job, source: { ...claimed.job.source, size: 1e6, pixels: 100e6 }, result };
    for (const _ of [1, 2, 3]) book.record({ kind: 'succeeded', ack: true, job }, 900);
    // 150 ms and 50 ms for each of 10 megapixels.
    expect(book.learned().sketch?.all.p50).toBeCloseTo(1, 6);
    expect(book.learned().sketch?.bands.map((band) => band?.count ?? 0)).toEqual([0, 0, 0, 3]);
  });

  it('is not what failed', () => {
    const book = new OperationStatsBook(() => later(-60_000));
    const sent = { code: 'corrupt_image' as const, message: '', retryable: false };
    book.record({ kind: 'failed', ack: true, job: sampleJob(), error: sent }, 50);
    expect(book.perOperation().sketch).toBeUndefined();
    const error = { code: 'processing_timeout' as const, message: '', retryable: false };
    book.record({ kind: 'failed', ack: true, job: sampleJob(), error }, 5);
    expect(book.perOperation().sketch).toEqual({ serviceMs: 0, succeeded: 0, failed: 1, learned: null });
  });

  it('is I/O apart from the operation and from the wait for a slot', () => {
    const book = new OperationStatsBook(() => later(-60_000));
    book.record(served(40, {}, { slotWaitMs: 700 }), 5_000);
    expect(book.io).toEqual({ p50: 30, p90: 30, count: 1 });
    expect(book.perOperation().sketch?.serviceMs).toBe(100);
  });

  it('is neither a model that was fetched, nor the time in which the worker stood still', () => {
    const book = new OperationStatsBook(() => later(-60_000));
    book.record(served(40), 5_000, { fetchMs: 25 });
    expect(book.io?.p50).toBe(5);
    const frozen = new OperationStatsBook(() => later(-60_000));
    frozen.record(served(40, {}, { processMs: 60_000 }), 120);
    expect(frozen.perOperation().sketch?.serviceMs).toBe(120);
    expect(frozen.io?.p50).toBe(0);
  });

  it('is how long a delivery takes where nothing is ahead of the job', () => {
    const book = new OperationStatsBook(() => later(-60_000));
    book.record(served(40), 100);
    const busy = { ...alone, vm: { running: { jobs: 1, workMs: 300 }, ahead: empty } };
    book.record(served(900, { ledger: busy }), 100);
    book.record(served(900, { epoch: 1 }), 100);
    book.record(served(900, { predicted: { ...predicted, vm: null } }), 100);
    expect(book.delivery).toEqual({ p50: 40, p90: 40, count: 1 });
    expect(book.coldStartMs).toBeNull();
  });

  it('is the cold start of an instance that was started for its first job', () => {
    const book = new OperationStatsBook(() => later(1_500));
    book.record(served(2_800, { target: 'run' }), 100);
    book.record(served(1_900, { target: 'run' }), 100);
    expect(book.coldStartMs).toBe(2_800);
  });
});
