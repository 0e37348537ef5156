import { text } from 'node:stream/consumers';
import { OutageError, PermanentError, RefusedError, RetryableError } from '@spillway/core/errors.ts';
import { errorReportSchema, receiptSchema } from '@spillway/core/receipt.ts';
import { overTime, waitFor } from '@spillway/core/steps.ts';
import { describe, expect, it } from 'vitest';
import { attemptFoldersIn } from './attempt-folders.ts';
import { cancelJob } from './cancel.ts';
import { changeJob } from './change-job.ts';
import type { Operate } from './executor.ts';
import { handleMessage } from './handle-message.ts';
import { retryJob } from './retry.ts';
import { copying, type Workbench, workbench } from './testing/workbench.ts';

async function readJson(bench: Workbench, name: string): Promise<unknown> {
  const object = await bench.ports.blobs.read(bench.ports.buckets.results, name);
  return object && JSON.parse(await text(object.stream));
}

/** An operation that does as the next of these says: fails with the error, or copies. */
function scripted(...errors: (Error | null)[]): Operate {
  return async (request) => {
    const error = errors.shift();
    if (error) throw error;
    return copying(request);
  };
}

describe('a message', () => {
  it('leaves a result, a receipt beside it, an announced end and a finished job', async () => {
    const bench = await workbench();
    const [dropped] = await bench.drop('sketch/trips/cat.jpg');
    const message = bench.take('vm');
    const outcome = await handleMessage(message, bench.executor());
    expect(outcome.kind).toBe('succeeded');
    const job = await bench.job(dropped?.id ?? '');
    const stem = `sketch/trips/cat.${job.source.generation}.${job.id.slice(0, 8)}`;
    expect(job).toMatchObject({
      state: 'succeeded',
      attempt: 1,
      result: { name: `${stem}.png` },
      error: null,
    });
    const receipt = receiptSchema.parse(await readJson(bench, `${stem}.receipt.json`));
    expect(receipt).toMatchObject({
      jobId: job.id,
      source: { name: 'sketch/trips/cat.jpg', generation: job.source.generation },
      ran: { target: 'vm', worker: 'vm-1', reason: 'vm_in_time' },
      result: { name: `${stem}.png`, crc32c: job.result?.crc32c },
      attempts: 1,
    });
    expect(bench.ports.queue.announced).toMatchObject([{ event: { jobId: job.id, state: 'succeeded' } }]);
  });

  it('of an object whose size is over the limit ends without a download', async () => {
    const bench = await workbench();
    const [dropped] = await bench.drop();
    const id = dropped?.id ?? '';
    await overTime(
      changeJob(bench.ports.jobs, id, (job) => ({
        ...job,
        source: { ...job.source, size: 900_000_000 },
      })),
    );
    bench.ports.blobs.download = () => Promise.reject(new Error('It was downloaded.'));
    const outcome = await handleMessage(bench.take('vm'), bench.executor());
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'file_too_large', retryable: false } });
  });

  it('whose one request is refused for good ends the job, though its report is refused too', async () => {
    const bench = await workbench();
    const [dropped] = await bench.drop();
    bench.ports.blobs.writeOnce = () => Promise.reject(new RefusedError('400: not like this.'));
    expect(await handleMessage(bench.take('vm'), bench.executor())).toMatchObject({
      kind: 'failed',
      error: { code: 'service_refused', message: '400: not like this.' },
    });
    expect(await bench.job(dropped?.id)).toMatchObject({ state: 'failed', attempt: 1 });
  });

  it('that meets a service which refuses everything is no attempt, and ends after a day', async () => {
    const bench = await workbench();
    const [dropped] = await bench.drop();
    const message = bench.take('vm');
    const { download } = bench.ports.blobs;
    bench.ports.blobs.download = () => Promise.reject(new RefusedError('403', { scope: 'service' }));
    for (let again = 0; again < 5; again++) {
      expect(await handleMessage(message, bench.executor())).toMatchObject({
        kind: 'given_back',
        failed: null,
      });
    }
    expect(await bench.job(dropped?.id)).toMatchObject({ state: 'queued', attempt: 0, claim: null });
    bench.clock.advance(24 * 3_600_000);
    expect(await handleMessage(message, bench.executor())).toMatchObject({
      kind: 'failed',
      error: { code: 'service_refused', retryable: true },
    });
    bench.ports.blobs.download = download;
    expect(await retryJob(dropped?.id ?? '', bench.ports)).toMatchObject({ kind: 'retried' });
  });

  it('shows what the job waits for while it waits, and nothing of it afterwards', async () => {
    const bench = await workbench();
    const [dropped] = await bench.drop();
    const half = { kind: 'downloading_model', model: 'u2net', share: 0.5 } as const;
    const fetched = Promise.withResolvers<void>();
    const told = Promise.withResolvers<void>();
    const handled = handleMessage(
      bench.take('vm'),
      bench.executor('vm-1', async (request) => {
        request.onProgress(half);
        // Too soon after the one before to be worth a write.
        request.onProgress({ ...half, share: 0.6 });
        told.resolve();
        await fetched.promise;
        return copying(request);
      }),
    );
    await told.promise;
    await expect.poll(async () => (await bench.job(dropped?.id ?? '')).progress).toEqual(half);
    fetched.resolve();
    expect(await handled).toMatchObject({ kind: 'succeeded', job: { progress: null } });
  });

  it('that comes again while the job is claimed, and after its end, is dropped', async () => {
    const bench = await workbench();
    await bench.drop();
    const message = bench.take('vm');
    let runs = 0;
    const busy = Promise.withResolvers<void>();
    const first = handleMessage(
      message,
      bench.executor('vm-1', async (request) => {
        runs++;
        await busy.promise;
        return copying(request);
      }),
    );
    await expect.poll(() => runs).toBe(1);
    expect(await handleMessage(message, bench.executor('vm-2'))).toMatchObject({
      kind: 'dropped',
      why: 'claimed',
    });
    busy.resolve();
    expect((await first).kind).toBe('succeeded');
    expect(await handleMessage(message, bench.executor('vm-2'))).toMatchObject({
      kind: 'dropped',
      why: 'ended',
    });
    expect(runs).toBe(1);
  });

  it('records a permanent failure with a report, and is not tried again', async () => {
    const bench = await workbench();
    const [job] = await bench.drop();
    const outcome = await handleMessage(
      bench.take('vm'),
      bench.executor('vm-1', scripted(new PermanentError('corrupt_image'))),
    );
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'corrupt_image', retryable: false } });
    const { source, id } = await bench.job(job?.id ?? '');
    const report = await readJson(bench, `sketch/cat.${source.generation}.${id.slice(0, 8)}.error.json`);
    expect(errorReportSchema.parse(report)).toMatchObject({ code: 'corrupt_image', jobId: id });
  });

  it('gives a failed attempt back, and fails the job as poison at the last', async () => {
    const bench = await workbench();
    const [job] = await bench.drop();
    const message = bench.take('vm');
    const crash = () => new RetryableError('internal', 'The child was killed by SIGSEGV.');
    const executor = bench.executor('vm-1', scripted(crash(), crash(), crash()));
    expect(await handleMessage(message, executor)).toMatchObject({
      kind: 'given_back',
      failed: { id: job?.id },
    });
    expect(await bench.job(job?.id ?? '')).toMatchObject({ state: 'queued', claim: null, attempt: 1 });
    expect((await handleMessage(message, executor)).kind).toBe('given_back');
    expect(await handleMessage(message, executor)).toMatchObject({
      kind: 'failed',
      error: { code: 'poison' },
    });
  });

  it('keeps the code of a last attempt that ran out of time or memory', async () => {
    const bench = await workbench();
    await bench.drop();
    const message = bench.take('vm');
    const slow = () => new RetryableError('processing_timeout', 'It took longer than 60 s.');
    const executor = bench.executor('vm-1', scripted(slow(), slow(), slow()));
    await handleMessage(message, executor);
    await handleMessage(message, executor);
    expect(await handleMessage(message, executor)).toMatchObject({
      kind: 'failed',
      error: { code: 'processing_timeout', retryable: true },
    });
  });

  it('does not count attempts that an outage or a leaving worker cut off', async () => {
    const bench = await workbench();
    const [job] = await bench.drop();
    const message = bench.take('vm');
    const outages = Array.from({ length: 5 }, () => new OutageError('Cloud Storage did not answer.'));
    const executor = bench.executor('vm-1', scripted(...outages));
    for (const _ of outages) {
      expect(await handleMessage(message, executor)).toMatchObject({ kind: 'given_back', failed: null });
    }
    expect((await bench.job(job?.id ?? '')).attempt).toBe(0);

    const leaving = new AbortController();
    const interrupted: Operate = async () => {
      leaving.abort();
      throw new Error('Aborted.');
    };
    const left = await handleMessage(message, {
      ...bench.executor('vm-1', interrupted),
      leaving: leaving.signal,
    });
    expect(left).toMatchObject({ kind: 'given_back', failed: null });
    expect((await bench.job(job?.id ?? '')).attempt).toBe(0);
    expect((await handleMessage(message, bench.executor())).kind).toBe('succeeded');
  });

  it('of a generation that was replaced ends the job superseded, of one that is gone, cancelled', async () => {
    const bench = await workbench();
    const [first] = await bench.drop('sketch/IMG_0001.JPG');
    const [second] = await bench.drop('sketch/IMG_0001.JPG');
    expect(first?.id).not.toBe(second?.id);
    expect(await handleMessage(bench.take('vm'), bench.executor())).toMatchObject({
      kind: 'source_gone',
      job: { id: first?.id, state: 'superseded' },
    });
    await bench.ports.blobs.remove('uploads', 'sketch/IMG_0001.JPG');
    expect(await handleMessage(bench.take('vm'), bench.executor())).toMatchObject({
      job: { state: 'cancelled' },
    });
  });

  it('of a job that is cancelled meanwhile is told to stop, and leaves nothing behind', async () => {
    const bench = await workbench();
    const [job] = await bench.drop();
    let aborted = false;
    const waiting: Operate = async (request) => {
      await cancelJob(job?.id ?? '', bench.ports);
      const told = new Promise<void>((resolve) => request.signal.addEventListener('abort', () => resolve()));
      bench.clock.advance(4_000);
      await told;
      aborted = true;
      return copying(request);
    };
    const outcome = await handleMessage(bench.take('vm'), bench.executor('vm-1', waiting));
    expect(outcome).toMatchObject({ kind: 'dropped', why: 'claim_lost' });
    expect(aborted).toBe(true);
    expect((await bench.job(job?.id ?? '')).state).toBe('cancelled');
    const { source, id } = await bench.job(job?.id ?? '');
    const name = `sketch/cat.${source.generation}.${id.slice(0, 8)}.png`;
    expect(await bench.ports.blobs.read('results', name)).toBeNull();
  });

  it('that is cancelled during its last attempt leaves no report of a failure', async () => {
    const bench = await workbench();
    const [job] = await bench.drop();
    const message = bench.take('vm');
    const crash = () => new RetryableError('internal', 'The child was killed by SIGSEGV.');
    const executor = bench.executor('vm-1', scripted(crash(), crash()));
    await handleMessage(message, executor);
    await handleMessage(message, executor);
    const cancelling: Operate = async () => {
      await cancelJob(job?.id ?? '', bench.ports);
      throw crash();
    };
    const outcome = await handleMessage(message, bench.executor('vm-1', cancelling));
    expect(outcome).toMatchObject({ kind: 'dropped', why: 'claim_lost' });
    const { source, id } = await bench.job(job?.id ?? '');
    const report = `sketch/cat.${source.generation}.${id.slice(0, 8)}.error.json`;
    expect(await bench.ports.blobs.read('results', report)).toBeNull();
  });

  it('of a job that was claimed too often fails it, but not when its last holder ends it just then', async () => {
    const bench = await workbench();
    const [job] = await bench.drop();
    const message = bench.take('vm');
    const stalled = Promise.withResolvers<void>();
    const handled: Promise<unknown>[] = [];
    const stalling: Operate = async (request) => {
      await stalled.promise;
      return copying(request);
    };
    for (let attempt = 0; attempt < 3; attempt++) {
      const executor = bench.executor(`vm-${attempt}`, stalling);
      handled.push(handleMessage(message, { ...executor, ports: { ...bench.ports, timers: noTimers } }));
      await expect.poll(async () => (await bench.job(job?.id ?? '')).attempt).toBe(attempt + 1);
      bench.clock.advance(12_001);
    }
    // The last holder succeeds between the look that found the job poison and its end.
    const { writeOnce } = bench.ports.blobs;
    bench.ports.blobs.writeOnce = async (...args) => {
      bench.ports.blobs.writeOnce = writeOnce;
      stalled.resolve();
      await Promise.all(handled);
      return writeOnce(...args);
    };
    expect(await handleMessage(message, bench.executor('vm-9'))).toMatchObject({
      kind: 'dropped',
      why: 'claim_lost',
    });
    const ended = await bench.job(job?.id ?? '');
    expect(ended.state).toBe('succeeded');
    const report = ended.result?.name.replace('.png', '.error.json') ?? '';
    expect(await bench.ports.blobs.read('results', report)).toBeNull();
    expect(await bench.ports.blobs.read('results', ended.result?.name ?? '')).not.toBeNull();
  });

  it('of a job that was claimed too often by workers that are gone ends it as poison', async () => {
    const bench = await workbench();
    const [job] = await bench.drop();
    const message = bench.take('vm');
    for (let attempt = 0; attempt < 3; attempt++) {
      const executor = bench.executor(`vm-${attempt}`, () => new Promise<never>(() => {}));
      void handleMessage(message, { ...executor, ports: { ...bench.ports, timers: noTimers } });
      await expect.poll(async () => (await bench.job(job?.id ?? '')).attempt).toBe(attempt + 1);
      bench.clock.advance(12_001);
    }
    expect(await handleMessage(message, bench.executor())).toMatchObject({
      kind: 'failed',
      error: { code: 'poison' },
    });
  });

  it('that cannot write to its disk gives the job back, and claims it no longer', async () => {
    const bench = await workbench();
    const [job] = await bench.drop();
    const message = bench.take('vm');
    const executor = { ...bench.executor(), folders: attemptFoldersIn('/dev/null/nowhere') };
    expect(await handleMessage(message, executor)).toMatchObject({
      kind: 'given_back',
      failed: null,
      lack: { what: 'writable_disk' },
    });
    bench.clock.advance(60_000);
    expect(await bench.job(job?.id ?? '')).toMatchObject({ state: 'queued', claim: null, attempt: 0 });
    expect((await handleMessage(message, bench.executor())).kind).toBe('succeeded');
  });

  it('of a document that a newer version wrote is left to that version', async () => {
    const bench = await workbench();
    const [job] = await bench.drop();
    const stored = await bench.ports.jobs.get(job?.id ?? '');
    if (stored) await bench.ports.jobs.replace(stored, { ...stored.job, schemaVersion: 99 });
    expect((await handleMessage(bench.take('vm'), bench.executor())).kind).toBe('newer');
  });

  it('renews its claim while it works, so that nobody takes over', async () => {
    const bench = await workbench();
    const [job] = await bench.drop();
    const message = bench.take('vm');
    const long: Operate = async (request) => {
      for (let step = 0; step < 10; step++) {
        bench.clock.advance(4_000);
        const expected = bench.clock.now().getTime() + 12_000;
        await expect
          .poll(async () => (await bench.job(job?.id ?? '')).claim?.expiresAt.getTime())
          .toBe(expected);
      }
      expect(await handleMessage(message, bench.executor('vm-2'))).toMatchObject({
        kind: 'dropped',
        why: 'claimed',
      });
      return copying(request);
    };
    expect((await handleMessage(message, bench.executor('vm-1', long))).kind).toBe('succeeded');
  });
});

describe('result and receipt, which are written at once,', () => {
  /** A job of which an attempt that was cut off has left one of the two. */
  async function afterHalf(left: (stem: string, bench: Workbench) => Promise<unknown>) {
    const bench = await workbench();
    const [dropped] = await bench.drop();
    const { id, source } = await bench.job(dropped?.id);
    const stem = `sketch/cat.${source.generation}.${id.slice(0, 8)}`;
    await left(stem, bench);
    const outcome = await handleMessage(bench.take('vm'), bench.executor());
    const receipt = async () => receiptSchema.parse(await readJson(bench, `${stem}.receipt.json`));
    return { bench, stem, outcome, receipt, job: await bench.job(id) };
  }

  it('belong together, where an earlier attempt has left another result without a receipt', async () => {
    const { job, receipt } = await afterHalf((stem, { ports }) =>
      overTime(
        waitFor(
          ports.blobs.writeOnce('results', `${stem}.png`, {
            from: { text: 'another' },
            contentType: 'image/png',
          }),
        ),
      ),
    );
    expect(job).toMatchObject({ state: 'succeeded', result: { size: 'another'.length } });
    expect((await receipt()).result.crc32c).toBe(job.result?.crc32c);
  });

  it('belong together, where an earlier attempt has left the receipt of another result', async () => {
    const { job, receipt } = await afterHalf(async (stem, bench) => {
      // A whole attempt, of which only the receipt stays, as one with another checksum.
      const other = await workbench();
      await other.drop();
      await handleMessage(other.take('vm'), other.executor());
      const [done] = await other.jobs();
      const json = (await readJson(other, done?.result?.receipt ?? '')) as { result: object };
      const from = { json: { ...json, result: { ...json.result, crc32c: 'AAAAAA==' } } };
      await bench.ports.blobs.writeOnce('results', `${stem}.receipt.json`, {
        from,
        contentType: 'application/json',
      });
    });
    expect(job).toMatchObject({ state: 'succeeded', result: { size: 'result'.length } });
    expect((await receipt()).result.crc32c).toBe(job.result?.crc32c);
  });

  it('leave no receipt behind where the result is refused for good', async () => {
    const { bench, stem, outcome } = await afterHalf(async (name, { ports }) => {
      const { writeOnce } = ports.blobs;
      ports.blobs.writeOnce = (bucket, object, content) =>
        object === `${name}.png`
          ? Promise.reject(new RefusedError('400: not like this.'))
          : writeOnce(bucket, object, content);
    });
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'service_refused' } });
    expect(await bench.ports.blobs.read('results', `${stem}.receipt.json`)).toBeNull();
    expect(await bench.ports.blobs.read('results', `${stem}.error.json`)).not.toBeNull();
  });
});

/** The timers of a worker that stalls: it renews nothing. */
const noTimers = { every: () => () => {} };
