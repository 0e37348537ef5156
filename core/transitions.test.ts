import { describe, expect, it } from 'vitest';
import { jobSchema } from './job.ts';
import { later, noon, sampleJob } from './testing/sample-job.ts';
import * as transitions from './transitions.ts';

const claim = { worker: 'vm-1', token: 'token', expiresAt: later(10_000) };

const { epoch: _, at: __, movedFrom: ___, ...undecided } = sampleJob().route;
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

describe('a postponed job', () => {
  it('waits on with its message, for a later turn', () => {
    const job = transitions.published(sampleJob(), noon);
    expect(transitions.postponed(job, later(9_000))).toEqual({
      ...job,
      route: { ...job.route, turnAt: later(9_000) },
    });
  });
});

describe('a moved job', () => {
  it('knows where it was moved from last', () => {
    const onRun = transitions.moved(sampleJob(), { ...choice, target: 'run' }, noon);
    expect(onRun.route).toMatchObject({ target: 'run', movedFrom: 'vm' });
    expect(transitions.moved(onRun, { ...choice, target: 'vm' }, noon).route.movedFrom).toBe('run');
    // Queued again on the side where it is.
    expect(transitions.moved(onRun, { ...choice, target: 'run' }, noon).route.movedFrom).toBe('vm');
    expect(sampleJob().route.movedFrom).toBeNull();
  });

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

describe('a reservation', () => {
  it('waits for the VMs with its deadline as its turn', () => {
    expect(sampleJob({ objectiveMs: 5_000 })).toMatchObject({
      deadlineAt: later(5_000),
      route: { target: 'vm', reason: 'reserved', epoch: 0, turnAt: later(5_000), dollars: 0, ledger: null },
    });
  });
});

describe('a job of another class', () => {
  it('has the deadline that goes with it, counted from the upload', () => {
    const job = sampleJob({ clockStartsAt: later(500) });
    const bulk = transitions.reclassified(job, 'bulk', 600_000);
    expect(bulk).toMatchObject({ class: 'bulk', deadlineAt: later(600_000) });
    expect(job.class).toBe('interactive');
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
  it('of an older version, which knew no classes, turns or pixels, is read', () => {
    const { class: _, batchSize: __, source, route, ...older } = sampleJob();
    const { pixels: ___, ...olderSource } = source;
    const { turnAt: ____, dollars: _____, ledger: ______, ...olderRoute } = route;
    expect(jobSchema.parse({ ...older, source: olderSource, route: olderRoute })).toMatchObject({
      class: 'interactive',
      batchSize: null,
      source: { pixels: null },
      route: { turnAt: null, dollars: 0, ledger: null },
    });
  });

  it('survives JSON', () => {
    const job = claimedJob();
    expect(jobSchema.parse(JSON.parse(JSON.stringify(job)))).toEqual(job);
  });
});
