import { describe, expect, it } from 'vitest';
import { jobSchema } from './job.ts';
import { later, noon, sampleJob } from './testing/sample-job.ts';
import * as transitions from './transitions.ts';

const claim = { worker: 'vm-1', token: 'token', expiresAt: later(10_000) };

const { epoch: _, at: __, ...undecided } = sampleJob().route;
const choice = { ...undecided, reason: 'vm_in_time' as const, explanation: 'Moved.' };

function claimedJob() {
  const outcome = transitions.claimed(sampleJob(), 0, claim, 3, noon);
  if (outcome.kind !== 'claimed') throw new Error(outcome.kind);
  return outcome.job;
}

describe('a claim', () => {
  it('is taken once: a second delivery meets it and is dropped', () => {
    const job = claimedJob();
    expect(job).toMatchObject({ state: 'processing', attempt: 1, claim });
    const other = { ...claim, token: 'other' };
    expect(transitions.claimed(job, 0, other, 3, later(9_999))).toEqual({ kind: 'dropped', why: 'claimed' });
  });

  it('is taken over once it has expired, and its first holder no longer counts', () => {
    const outcome = transitions.claimed(claimedJob(), 0, { ...claim, token: 'other' }, 3, later(10_000));
    if (outcome.kind !== 'claimed') throw new Error(outcome.kind);
    expect(outcome.job.attempt).toBe(2);
    expect(transitions.holds(outcome.job, 'token')).toBe(false);
    expect(transitions.holds(outcome.job, 'other')).toBe(true);
  });

  it('is refused to a message of an older epoch, and of one that never was', () => {
    const moved = transitions.moved(claimedJob(), choice, noon);
    expect(moved.route.epoch).toBe(1);
    expect(transitions.claimed(moved, 0, claim, 3, noon)).toEqual({ kind: 'dropped', why: 'moved' });
    expect(transitions.claimed(moved, 2, claim, 3, noon)).toEqual({ kind: 'dropped', why: 'moved' });
    expect(transitions.claimed(moved, 1, claim, 3, noon).kind).toBe('claimed');
  });

  it('is refused to an ended job, and after the last attempt', () => {
    const cancelled = transitions.cancelled(sampleJob(), noon);
    expect(transitions.claimed(cancelled, 0, claim, 3, noon)).toEqual({ kind: 'dropped', why: 'ended' });
    expect(transitions.claimed({ ...sampleJob(), attempt: 3 }, 0, claim, 3, noon)).toEqual({
      kind: 'poison',
    });
  });
});

describe('a moved job', () => {
  it('is queued, unclaimed and unpublished under the next epoch', () => {
    expect(transitions.moved(claimedJob(), choice, noon)).toMatchObject({
      state: 'queued',
      claim: null,
      publishedAt: null,
      route: { epoch: 1, explanation: 'Moved.' },
    });
  });
});

describe('a decided route', () => {
  it('keeps the epoch of a reservation, and takes the next one when it is decided again', () => {
    const first = transitions.routed(sampleJob(), choice, noon);
    expect(first.route).toMatchObject({ epoch: 0, reason: 'vm_in_time' });
    expect(transitions.routed(first, choice, noon).route.epoch).toBe(1);
  });
});

describe('a tombstone', () => {
  it('keeps the identity and outlives an ordinary document, without options or result', () => {
    const ended = transitions.cancelled(sampleJob(), noon);
    const tombstone = transitions.tombstone(ended, noon);
    expect(tombstone).toMatchObject({
      id: ended.id,
      state: 'cancelled',
      options: {},
      result: null,
      deletedAt: noon,
    });
    expect(tombstone.expiresAt?.getTime()).toBeGreaterThan(ended.expiresAt?.getTime() ?? 0);
  });
});

describe('a job document', () => {
  it('survives JSON', () => {
    const job = claimedJob();
    expect(jobSchema.parse(JSON.parse(JSON.stringify(job)))).toEqual(job);
  });
});
