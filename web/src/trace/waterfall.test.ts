import { later, noon, sampleJob } from '@spillway/core/testing/sample-job.ts';
import type { JobDetail, SpanView } from '@spillway/web/api/admin-schema.ts';
import { describe, expect, test } from 'vitest';
import { spansOfDocument } from './document-spans.ts';
import { ticksOf, waterfallOf } from './waterfall.ts';

const job = (changes: Partial<JobDetail> = {}): JobDetail => ({
  ...sampleJob(),
  actualDollars: null,
  ...changes,
});

/** A span from `from` to `to`, milliseconds after the upload. */
function span(
  id: string,
  parent: string | null,
  from: number,
  to: number,
  more: Partial<SpanView> = {},
): SpanView {
  const times = { startMs: noon.getTime() + from, endMs: noon.getTime() + to };
  const rest = { service: null, instance: null, error: null, attributes: {}, events: [] };
  return { id, parent, name: id, run: 1, ...times, ...rest, ...more };
}

const rowsOf = (spans: SpanView[]) => waterfallOf(job(), spans, noon.getTime()).flatMap(({ rows }) => rows);

describe('a waterfall', () => {
  test('has each span below its parent, by its beginning, also one whose parent is itself', () => {
    const rows = rowsOf([
      span('upload', null, -500, 0),
      span('route', 'upload', 10, 40),
      span('deliver', 'upload', 50, 900),
      span('publish', 'route', 60, 70),
      span('lost', 'lost', 80, 90),
    ]);
    expect(rows.map(({ span: { id }, level, startMs, tookMs }) => [id, level, startMs, tookMs])).toEqual([
      ['upload', 0, -500, 500],
      ['route', 1, 10, 30],
      ['publish', 2, 60, 10],
      ['deliver', 1, 50, 850],
      ['lost', 0, 80, 10],
    ]);
  });

  test('tells where work was from the delivery above, and where a job was sent from the rest', () => {
    const on = (target: string, attempt = '1') => ({
      attributes: { 'spillway.target': target, 'spillway.attempt': attempt, 'spillway.worker': 'vm-1' },
      service: 'vm-worker',
    });
    const rows = rowsOf([
      span('route', null, 0, 10, {
        attributes: { 'spillway.target': 'vm' },
        service: 'route',
        instance: 'r-1',
      }),
      span('deliver', 'route', 20, 90, on('vm', '2')),
      span('download', 'deliver', 30, 40, { service: 'vm-worker', instance: 'vm-1' }),
      span('move', 'route', 95, 99, { attributes: { 'spillway.target': 'run' } }),
    ]);
    expect(rows.map(({ target, sentTo, attempt, who }) => ({ target, sentTo, attempt, who }))).toEqual([
      { target: null, sentTo: 'vm', attempt: null, who: ['route', 'r-1'] },
      { target: 'vm', sentTo: null, attempt: '2', who: ['vm-worker', 'vm-1'] },
      { target: 'vm', sentTo: null, attempt: null, who: [] },
      { target: null, sentTo: 'run', attempt: null, who: [] },
    ]);
  });

  test('gives what was before the upload a part of its axis only, and says what it cut off', () => {
    const [run] = waterfallOf(job(), [span('upload', null, -60_000, 0), span('route', null, 0, 1_500)], 0);
    expect(run?.axis).toEqual({ from: -500, to: 1_500, step: 500 });
    expect(run?.rows.map(({ bar }) => bar)).toEqual([
      { left: 0, width: 0.25, isCut: true },
      { left: 0.25, width: 0.75, isCut: false },
    ]);
    expect(run && ticksOf(run.axis)).toEqual([
      { at: 0, ms: -500 },
      { at: 0.25, ms: 0 },
      { at: 0.5, ms: 500 },
      { at: 0.75, ms: 1_000 },
      { at: 1, ms: 1_500 },
    ]);
  });

  test('has an axis for each run, however much later it came, and the deadline where it is on the axis', () => {
    const day = 86_400_000;
    const again = job({
      run: 2,
      retryOf: 'the first',
      createdAt: later(day),
      deadlineAt: later(day + 2_000),
    });
    const runs = waterfallOf(
      again,
      [
        span('upload', null, 0, 10),
        span('retry', null, day, day + 5, { run: 2 }),
        span('deliver', null, day + 5, day + 4_000, { run: 2 }),
      ],
      0,
    );
    expect(runs.map(({ run, start, deadline }) => [run, start - noon.getTime(), deadline])).toEqual([
      [1, 0, null],
      [2, day, 0.5],
    ]);
  });

  test('of an open job lasts until now', () => {
    const [run] = waterfallOf(job(), [span('route', null, 0, 10)], noon.getTime() + 90_000);
    expect(run?.axis).toEqual({ from: 0, to: 90_000, step: 20_000 });
  });
});

describe('the waterfall of a document', () => {
  const times = { waitMs: 400, downloadMs: 50, slotWaitMs: 0, processMs: 900, storeMs: 60, totalMs: 1_500 };

  test('has the last attempt with its steps', () => {
    const base = job();
    const done = job({
      state: 'succeeded',
      route: { ...base.route, reason: 'vm_in_time', at: later(40) },
      publishedAt: later(60),
      timings: times,
      attempt: 1,
      endedAt: later(1_500),
      eventPublishedAt: later(1_600),
    });
    expect(
      rowsOf(spansOfDocument(done)).map(({ span: { name }, level, startMs, tookMs, target }) => [
        name,
        level,
        startMs,
        tookMs,
        target,
      ]),
    ).toEqual([
      ['upload', 0, 0, 0, null],
      ['event', 0, 0, 0, null],
      ['route', 0, 40, 0, null],
      ['publish', 0, 60, 0, null],
      ['deliver', 0, 400, 1_100, 'vm'],
      ['download', 1, 400, 50, 'vm'],
      ['process', 1, 450, 900, 'vm'],
      ['store', 1, 1_350, 60, 'vm'],
      ['record', 0, 1_500, 0, null],
      ['announce', 0, 1_600, 0, null],
    ]);
  });

  test('has every decision, claim and attempt of the history', () => {
    const decision = { explanation: '', budgetMs: null, predicted: null };
    const moved = job({
      state: 'succeeded',
      route: { ...job().route, reason: 'run_vm_late', target: 'run', epoch: 1, at: later(900) },
      timings: { ...times, waitMs: 1_000, totalMs: 2_200 },
      endedAt: later(2_200),
      history: [
        {
          kind: 'decided',
          at: later(40),
          epoch: 0,
          target: 'vm',
          movedFrom: null,
          reason: 'vm_in_time',
          ...decision,
        },
        { kind: 'published', at: later(40) },
        { kind: 'claimed', at: later(300), worker: 'vm-1', attempt: 1 },
        { kind: 'given_back', at: later(500), worker: 'vm-1', attempt: 1, why: 'failed', code: 'internal' },
        { kind: 'claimed', at: later(600), worker: 'vm-2', attempt: 2 },
        {
          kind: 'decided',
          at: later(900),
          epoch: 1,
          target: 'run',
          movedFrom: 'vm',
          reason: 'run_vm_late',
          ...decision,
        },
        { kind: 'claimed', at: later(1_000), worker: 'run-1', attempt: 3 },
        { kind: 'ended', at: later(2_200), state: 'succeeded', code: null },
      ],
    });
    const rows = rowsOf(spansOfDocument(moved)).map(
      ({ span: { name, error }, startMs, tookMs, target, who }) => [
        name,
        startMs,
        tookMs,
        target,
        who.join(),
        error,
      ],
    );
    expect(rows.filter(([name]) => name === 'deliver' || name === 'move' || name === 'route')).toEqual([
      ['route', 0, 40, null, '', null],
      ['deliver', 300, 200, 'vm', 'vm-1', 'internal'],
      ['deliver', 600, 300, 'vm', 'vm-2', 'The claim expired.'],
      ['move', 900, 0, null, '', null],
      ['deliver', 1_000, 1_200, 'run', 'run-1', null],
    ]);
    expect(rows.filter(([name]) => name === 'process')).toEqual([['process', 1_050, 900, 'run', '', null]]);
  });

  test('counts a retry’s times from the retry, and marks a failure', () => {
    const failed = job({
      run: 2,
      retryOf: 'the first',
      createdAt: later(5_000),
      state: 'failed',
      error: { code: 'corrupt_image', message: 'It is broken.', retryable: false },
      endedAt: later(5_800),
    });
    const [run] = waterfallOf(failed, spansOfDocument(failed), 0);
    expect(run?.rows.map(({ span: { name, error }, startMs }) => [name, startMs, error])).toEqual([
      ['retry', 0, null],
      ['record', 800, 'It is broken.'],
    ]);
  });
});
