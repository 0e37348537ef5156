import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  MachineError,
  OutageError,
  RefusedError,
  RetryableError,
  UnexpectedError,
} from '@spillway/core/errors.ts';
import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { describe, expect, it } from 'vitest';
import type { Executor, Operate } from './executor.ts';
import { handleMessage, handleNextInLine } from './handle-message.ts';
import { sweepOnce } from './sweep.ts';
import { copying, type Workbench, workbench } from './testing/workbench.ts';

const runOff = routingSettingsSchema.parse({ run: { enabled: false } });
const threw = (signature = 'one') => new UnexpectedError(signature);
const crash = () => new RetryableError('internal', 'The child was killed by SIGSEGV.');
const full = () => Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

function failing(error: () => Error): Operate {
  return () => Promise.reject(error());
}

/** A worker on which the operation fails, and what its own test picture does. */
function worker(bench: Workbench, name: string, error: () => Error, problem: string | null = null): Executor {
  return { ...bench.executor(name, failing(error)), testOperation: async () => problem };
}

async function waiting(metadata: Record<string, string> = {}) {
  const bench = await workbench({ routing: runOff });
  const [job] = await bench.drop('sketch/cat.jpg', metadata);
  const id = job?.id ?? '';
  return { bench, id, message: bench.take('vm'), now: () => bench.job(id) };
}

describe('an exception of the program', () => {
  it('is the input’s at its second time: the job ends, and no breaker counts it', async () => {
    const { bench, id, message, now } = await waiting();
    expect(await handleMessage(message, worker(bench, 'vm-1', threw))).toMatchObject({ failed: { id } });
    expect(await now()).toMatchObject({ state: 'queued', attempt: 1, lastFailure: { signature: 'one' } });
    expect(await handleMessage(message, worker(bench, 'vm-2', threw))).toMatchObject({
      kind: 'failed',
      error: { code: 'unprocessable', retryable: false, blame: 'input' },
    });
    expect((await now()).error?.message).toContain('two attempts ended with the same error');
  });

  it('is not where the test picture fails as well: then it is the place’s', async () => {
    const { bench, message, now } = await waiting();
    const broken = (name: string) => worker(bench, name, threw, 'sketch: something went wrong.');
    expect((await handleMessage(message, broken('vm-1'))).kind).toBe('given_back');
    expect((await handleMessage(message, broken('vm-1'))).kind).toBe('given_back');
    expect(await now()).toMatchObject({ state: 'queued', attempt: 2 });
    // A place that is well does it.
    expect((await handleMessage(message, bench.executor('vm-2'))).kind).toBe('succeeded');
  });

  it('ends the job for the place’s fault where no other place has it', async () => {
    const { bench, message } = await waiting();
    const broken = worker(bench, 'vm-1', threw, 'sketch: something went wrong.');
    for (const _ of [1, 2]) await handleMessage(message, broken);
    expect(await handleMessage(message, broken)).toMatchObject({
      kind: 'failed',
      error: { code: 'internal', retryable: true, blame: 'place' },
    });
  });

  it('that is another one each time ends the job at its last attempt', async () => {
    const { bench, message } = await waiting();
    let count = 0;
    const varied = () => threw(String(++count));
    for (const _ of [1, 2]) {
      expect((await handleMessage(message, worker(bench, 'vm-1', varied))).kind).toBe('given_back');
    }
    expect(await handleMessage(message, worker(bench, 'vm-1', varied))).toMatchObject({
      error: { code: 'unprocessable', blame: 'input' },
    });
  });
});

describe('a crash of the child', () => {
  it.each([
    ['the picture’s fault where the test picture goes well', null, 'input'],
    ['the place’s where it does not', 'sketch: The child crashed.', 'place'],
  ] as const)('is poison after every attempt, and %s', async (_, problem, blame) => {
    const { bench, message } = await waiting();
    for (const __ of [1, 2]) {
      expect((await handleMessage(message, worker(bench, 'vm-1', crash, problem))).kind).toBe('given_back');
    }
    expect(await handleMessage(message, worker(bench, 'vm-1', crash, problem))).toMatchObject({
      kind: 'failed',
      error: { code: 'poison', retryable: true, blame },
    });
  });
});

describe('a lack of the machine', () => {
  it('is not counted, and leaves the job to others', async () => {
    const { bench, id, message, now } = await waiting();
    const ill = worker(bench, 'vm-1', full);
    expect(await handleMessage(message, ill)).toMatchObject({
      kind: 'given_back',
      failed: null,
      lack: { what: 'disk', wantedBytes: 'sketch/cat.jpg'.length },
    });
    expect(await now()).toMatchObject({ state: 'queued', attempt: 0, machineFaults: 1, failedBy: 'vm-1' });
    expect((await handleNextInLine(ill)).kind).toBe('nothing_waits');
    expect(await handleNextInLine(bench.executor('vm-2'))).toMatchObject({ kind: 'succeeded', job: { id } });
  });

  it('never ends a job by itself, however long the disks are full', async () => {
    const { bench, message, now } = await waiting();
    for (let turn = 0; turn < 20; turn++) {
      const name = `vm-${turn % 2}`;
      expect(await handleMessage(message, worker(bench, name, full))).toMatchObject({
        lack: { what: 'disk' },
      });
    }
    expect(await now()).toMatchObject({ state: 'queued', attempt: 0, machineFaults: 20 });
    expect((await handleMessage(message, bench.executor())).kind).toBe('succeeded');
  });

  it('is the job’s in the end, where every machine that was well before lacks it with this job', async () => {
    const { bench, message } = await waiting();
    const kinds: string[] = [];
    for (let turn = 0; turn < 23; turn++) {
      kinds.push((await handleMessage(message, worker(bench, 'vm-1', full))).kind);
    }
    expect(kinds.indexOf('failed')).toBe(22);
  });

  it('of memory is the job’s where it happens again', async () => {
    const { bench, message, now } = await waiting();
    const killed = () => new MachineError('memory', 'It has no memory left.');
    expect(await handleMessage(message, worker(bench, 'vm-1', killed))).toMatchObject({
      lack: { what: 'memory' },
    });
    for (const _ of [1, 2]) {
      expect(await handleMessage(message, worker(bench, 'vm-1', killed))).toMatchObject({ lack: null });
    }
    expect(await now()).toMatchObject({ attempt: 2, lastFailure: { code: 'out_of_memory' } });
    expect(await handleMessage(message, worker(bench, 'vm-1', killed))).toMatchObject({
      kind: 'failed',
      error: { code: 'out_of_memory', blame: 'input' },
    });
  });

  it('is what takes a job’s folder from under it, whatever the job then fails of', async () => {
    const { bench, message, now } = await waiting();
    const cleaned: Operate = async ({ inputPath }) => {
      await rm(dirname(inputPath), { recursive: true });
      throw new UnexpectedError('no such file');
    };
    expect(await handleMessage(message, bench.executor('vm-1', cleaned))).toMatchObject({
      lack: { what: 'writable_disk' },
    });
    expect((await now()).attempt).toBe(0);
  });

  it('while the job is claimed is told all the same', async () => {
    const { bench, message } = await waiting();
    bench.ports.backlog.heads = () => Promise.reject(Object.assign(new Error('socket'), { code: 'EMFILE' }));
    expect(await handleMessage(message, bench.executor())).toMatchObject({ lack: { what: 'file_handles' } });
  });
});

describe('what a service refuses for good', () => {
  it('ends the job with its own code', async () => {
    const { bench, message } = await waiting();
    const refused = () => new RefusedError('Cloud Storage refuses the result (PERMISSION_DENIED).');
    expect(await handleMessage(message, worker(bench, 'vm-1', refused))).toMatchObject({
      kind: 'failed',
      error: { code: 'service_refused', blame: 'unknown' },
    });
  });
});

describe('on Cloud Run', () => {
  async function pushed() {
    const bench = await workbench();
    await bench.beats({ state: 'starting' });
    const [job] = await bench.drop();
    const id = job?.id ?? '';
    return { bench, message: bench.take('run'), now: () => bench.job(id) };
  }

  it.each([
    ['crash', crash],
    ['exception', threw],
    ['timeout', () => new RetryableError('processing_timeout', 'It took longer than 60 s.')],
  ])('a job’s own failure, a %s, refuses no push: the job is published again', async (_, error) => {
    const { bench, message, now } = await pushed();
    const outcome = await handleMessage(message, worker(bench, 'run-1', error));
    expect(outcome).toMatchObject({ kind: 'given_back', ack: true });
    expect(bench.ports.queue.messages.run).toHaveLength(1);
    expect(await now()).toMatchObject({ state: 'queued', attempt: 1, publishedAt: bench.clock.now() });
    expect(await handleMessage(bench.take('run'), bench.executor('run-2', copying))).toMatchObject({
      kind: 'succeeded',
    });
  });

  it('an outage refuses no push either: the job waits for the next sweep', async () => {
    const { bench, message, now } = await pushed();
    const outage = () => new OutageError('Cloud Storage did not answer.');
    const outcome = await handleMessage(message, worker(bench, 'run-1', outage));
    expect(outcome).toMatchObject({ kind: 'given_back', ack: true });
    expect(await now()).toMatchObject({ state: 'queued', attempt: 0, publishedAt: null });
    expect(bench.ports.queue.messages.run).toEqual([]);
    bench.clock.advance(4_000);
    await sweepOnce('sweeper', bench.ports);
    expect((await handleMessage(bench.take('run'), bench.executor('run-2'))).kind).toBe('succeeded');
  });

  it('an instance that leaves hands its job on with a new message', async () => {
    const { bench, message, now } = await pushed();
    const leaving = new AbortController();
    const interrupted: Operate = async () => {
      leaving.abort();
      throw new Error('It was cut off.');
    };
    const executor = { ...bench.executor('run-1', interrupted), leaving: leaving.signal };
    expect(await handleMessage(message, executor)).toMatchObject({ kind: 'given_back', ack: true });
    expect(await now()).toMatchObject({ state: 'queued', attempt: 0 });
    expect((await handleMessage(bench.take('run'), bench.executor('run-2'))).kind).toBe('succeeded');
  });

  it('only a lack of the instance does', async () => {
    const { bench, message, now } = await pushed();
    const outcome = await handleMessage(message, worker(bench, 'run-1', full));
    expect(outcome.ack).toBe(false);
    expect(bench.ports.queue.messages.run).toEqual([]);
    expect((await now()).attempt).toBe(0);
    expect((await handleMessage(message, bench.executor('run-2'))).kind).toBe('succeeded');
  });
});
