import { describe, expect, it } from 'vitest';
import { historyEntrySchema, type Job, jobSchema } from './job.ts';
import { mostEntries } from './job-history.ts';
import { later, sampleJob } from './testing/sample-job.ts';
import * as transitions from './transitions.ts';

const { epoch: _, at: __, movedFrom: ___, decideBy: ____, ...choice } = sampleJob().route;
const side = { waitMs: 400, deliveryMs: 40, serviceMs: 900, ioMs: 100, spreadMs: 50, finishMs: 1_500 };
const predicted = {
  vm: { ...side, dollars: 0, inTime: true },
  run: { ...side, dollars: 0.0001, inTime: true },
  runClosed: null,
  budgetMs: 2_000,
};

function claimedBy(job: Job, worker: string, at: Date): Job {
  const claim = { worker, token: 'token', expiresAt: at };
  const outcome = transitions.claimed(job, job.route.epoch, claim, 1_000, at);
  if (outcome.kind !== 'claimed') throw new Error(`Not claimable: ${outcome.kind}`);
  return outcome.job;
}

function newJob(): Job {
  return { ...sampleJob(), route: { ...sampleJob().route, reason: 'reserved', epoch: 0 }, history: [] };
}

describe('the history of a job', () => {
  it('says where it went and what was expected, who took it, and why it came back', () => {
    const failure = { code: 'internal', signature: null } as const;
    let job = transitions.routed(newJob(), { ...choice, target: 'vm', predicted }, later(1));
    job = transitions.published(job, later(2));
    job = claimedBy(job, 'vm-1', later(3));
    job = transitions.attemptFailed(job, failure, 'vm-1', later(4));
    job = transitions.moved(job, { ...choice, target: 'run', reason: 'run_vm_late', predicted }, later(5));
    job = claimedBy(job, 'run-1', later(6));
    job = transitions.handedBack(job, 'outage', null, later(7));
    job = claimedBy(job, 'run-2', later(8));
    job = transitions.failed(job, { code: 'poison', message: '', retryable: true }, later(9));
    const expected = { waitMs: 400, serviceMs: 900, ioMs: 100, finishMs: 1_500, inTime: true };
    expect(job.history.map(({ at: _at, ...entry }) => entry)).toMatchObject([
      { kind: 'decided', target: 'vm', movedFrom: null, epoch: 0, budgetMs: 2_000, predicted: expected },
      { kind: 'published' },
      { kind: 'claimed', worker: 'vm-1', attempt: 1 },
      { kind: 'given_back', worker: 'vm-1', attempt: 1, why: 'failed', code: 'internal' },
      { kind: 'decided', target: 'run', movedFrom: 'vm', epoch: 1, reason: 'run_vm_late' },
      { kind: 'claimed', worker: 'run-1', attempt: 2 },
      { kind: 'given_back', worker: 'run-1', attempt: 2, why: 'outage', code: null },
      { kind: 'claimed', worker: 'run-2', attempt: 2 },
      { kind: 'ended', state: 'failed', code: 'poison' },
    ]);
    expect(job.history.map(({ at }) => at)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map(later));
  });

  it('forgets a message that could not be handed over', () => {
    const published = transitions.published(newJob(), later(1));
    expect(transitions.unpublished(published).history).toEqual([]);
    const claimed = claimedBy(published, 'vm-1', later(2));
    expect(transitions.unpublished(claimed).history).toHaveLength(2);
  });

  it('has a bounded size, whatever happens to the job', () => {
    const explanation = 'Ein langer Satz über Fristen. '.repeat(100);
    const worker = 'w'.repeat(1_000);
    let job = newJob();
    for (let round = 0; round < 500; round++) {
      job = transitions.moved(job, { ...choice, predicted, explanation }, later(round));
      job = transitions.published(job, later(round));
      job = claimedBy(job, worker, later(round));
      job = transitions.handedBack(job, 'outage', null, later(round));
    }
    job = transitions.cancelled(job, later(501));
    expect(job.history).toHaveLength(mostEntries);
    expect(Buffer.byteLength(JSON.stringify(job.history))).toBeLessThan(16 * 1_024);
    expect(job.history.filter(({ kind }) => kind === 'left_out')).toMatchObject([
      { entries: 2_001 - (mostEntries - 1) },
    ]);
    expect(job.history.at(-1)?.kind).toBe('ended');
    expect(job.history[0]).toMatchObject({ kind: 'decided', at: later(0) });
    for (const entry of job.history) expect(historyEntrySchema.parse(entry)).toEqual(entry);
  });

  it('goes with a deleted job, and is not read where a newer version wrote it', () => {
    const job = transitions.published(newJob(), later(1));
    expect(transitions.tombstone(job, later(2)).history).toEqual([]);
    const { history: _history, ...earlier } = job;
    expect(jobSchema.parse(earlier).history).toEqual([]);
    expect(jobSchema.parse({ ...job, history: [{ kind: 'teleported', at: later(1) }] }).history).toEqual([]);
  });
});
