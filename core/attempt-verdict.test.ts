import { describe, expect, it } from 'vitest';
import { type AttemptVerdict, judgeAttempt, mostMachineFaults } from './attempt-verdict.ts';
import {
  MachineError,
  OutageError,
  PermanentError,
  RefusedError,
  RetryableError,
  UnexpectedError,
} from './errors.ts';
import type { Job } from './job.ts';
import { later, noon } from './testing/sample-job.ts';

type Past = Partial<Pick<Job, 'attempt' | 'lastFailure' | 'machineFaults'>>;

function judge(error: unknown, past: Past = {}, leaving = false): AttemptVerdict {
  const job = { attempt: 1, lastFailure: null, machineFaults: 0, createdAt: noon, ...past };
  return judgeAttempt(job, error, { maxAttempts: 3, leaving, now: later(60_000) });
}

const threw = new UnexpectedError('abc');
const before = { code: 'internal', signature: 'abc' } as const;

describe('an attempt that failed', () => {
  it.each<[string, unknown, Past, object]>([
    [
      'for its input',
      new PermanentError('corrupt_image'),
      {},
      { kind: 'ends', error: { code: 'corrupt_image', retryable: false, blame: 'input' } },
    ],
    [
      'because a service refuses it for good',
      new RefusedError('No permission.'),
      {},
      { kind: 'ends', error: { code: 'service_refused', retryable: false, blame: 'unknown' } },
    ],
    [
      'because a service refuses everybody',
      new RefusedError('No permission.', { scope: 'service' }),
      { attempt: 3 },
      { kind: 'handed_back', why: 'outage' },
    ],
    ['for an outage', new OutageError('No answer.'), { attempt: 3 }, { kind: 'handed_back', why: 'outage' }],
    [
      'by an exception for the first time',
      threw,
      {},
      { kind: 'tried_again', failure: { code: 'internal', signature: 'abc' } },
    ],
    [
      'by the same exception again',
      threw,
      { attempt: 2, lastFailure: before },
      { kind: 'repeats', isLast: false },
    ],
    [
      'by the same exception at last',
      threw,
      { attempt: 3, lastFailure: before },
      { kind: 'repeats', isLast: true },
    ],
    [
      'by another exception than before, at last',
      new UnexpectedError('def'),
      { attempt: 3, lastFailure: before },
      { kind: 'ends_at_last', error: { code: 'unprocessable' } },
    ],
    [
      'by a crash after an exception',
      new RetryableError('internal', 'It crashed.'),
      { attempt: 2, lastFailure: before },
      { kind: 'tried_again', failure: { signature: null } },
    ],
    [
      'by a crash, at last',
      new RetryableError('internal', 'It crashed.'),
      { attempt: 3 },
      { kind: 'ends_at_last', error: { code: 'poison', message: expect.stringContaining('3 times') } },
    ],
    [
      'by a limit, at last',
      new RetryableError('processing_timeout', 'It took longer than 60 s.'),
      { attempt: 3 },
      { kind: 'ends_at_last', error: { code: 'processing_timeout', message: 'It took longer than 60 s.' } },
    ],
    [
      'outside of the operation, at last: no test picture would tell',
      new Error('no such bucket'),
      { attempt: 3 },
      { kind: 'ends', error: { code: 'internal', retryable: true, blame: 'unknown' } },
    ],
    [
      'for a lack of the machine',
      new MachineError('disk', 'Full.'),
      { attempt: 3, machineFaults: mostMachineFaults - 1 },
      { kind: 'left_by_machine', fault: { lack: 'disk' } },
    ],
    [
      'for a lack that the job brings everywhere',
      new MachineError('disk', 'Full.'),
      { attempt: 1, machineFaults: mostMachineFaults },
      { kind: 'tried_again', failure: { code: 'internal', signature: null } },
    ],
    [
      'for memory, twice',
      new MachineError('memory', 'Killed.'),
      { attempt: 1, machineFaults: 1 },
      { kind: 'tried_again', failure: { code: 'out_of_memory' } },
    ],
  ])('%s', (_, error, past, verdict) => {
    expect(judge(error, past)).toMatchObject(verdict);
  });

  it('because its worker leaves does not count, unless the input is at fault', () => {
    expect(judge(new Error('aborted'), { attempt: 3 }, true)).toEqual({
      kind: 'handed_back',
      why: 'leaving',
    });
    expect(judge(new PermanentError('corrupt_image'), {}, true).kind).toBe('ends');
  });
});
