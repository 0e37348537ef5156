import { jobId } from '@spillway/core/job-id.ts';
import { sampleJob } from '@spillway/core/testing/sample-job.ts';
import { expect, test } from 'vitest';
import { runsOf, spansOfJob } from './job-spans.ts';
import type { RecordedSpan } from './otlp-json.ts';

const runs = new Map([
  ['ours', 1],
  ['ours-again', 2],
]);

let at = 0;
function span(id: string, parent: string | null, job: string | null = null): RecordedSpan {
  const startMs = ++at;
  const rest = { service: 'route', instance: null, error: null, attributes: {}, events: [] };
  return { id, traceId: 't', parent, name: id, job, startMs, endMs: startMs + 1, ...rest };
}

const kept = (spans: RecordedSpan[], uploadedAt = 0) =>
  spansOfJob(spans, runs, uploadedAt).map(({ id, parent, run }) => [id, parent, run]);

test('keeps the job, what is below it and what led to it, and nothing of the upload’s other jobs', () => {
  expect(
    kept([
      span('upload', 'of-the-sender'),
      span('event', 'upload'),
      span('route', 'event', 'ours'),
      span('publish', 'route'),
      span('route-other', 'event', 'other'),
      span('publish-other', 'route-other'),
      span('deliver', 'publish', 'ours'),
      span('download', 'deliver'),
      span('unrelated', null),
    ]),
  ).toEqual([
    ['upload', null, 1],
    ['event', 'upload', 1],
    ['route', 'event', 1],
    ['publish', 'route', 1],
    ['deliver', 'publish', 1],
    ['download', 'deliver', 1],
  ]);
});

test('tells the runs apart, also where a job is worked on below another', () => {
  expect(
    kept([
      span('upload', null),
      span('route', 'upload', 'ours'),
      span('deliver-other', 'upload', 'other'),
      span('deliver', 'deliver-other', 'ours'),
      span('retry', 'upload', 'ours-again'),
      span('claim', 'retry'),
    ]),
  ).toEqual([
    ['upload', null, 1],
    ['route', 'upload', 1],
    ['deliver', null, 1],
    ['retry', 'upload', 2],
    ['claim', 'retry', 2],
  ]);
});

test('keeps the event beside the job’s spans, and no other event of a sender who traces many uploads together', () => {
  const ofSite = [span('upload', null), span('event', 'upload'), span('route', 'upload', 'ours')];
  expect(kept(ofSite).map(([id]) => id)).toEqual(['upload', 'event', 'route']);
  const ofSender = [
    span('event', 'of-the-sender'),
    span('event-other', 'of-the-sender'),
    span('route', 'of-the-sender', 'ours'),
    span('event-elsewhere', 'of-another'),
  ];
  expect(kept(ofSender, ofSender[0]?.startMs).map(([id]) => id)).toEqual(['event', 'route']);
});

test('ends where spans are above themselves', () => {
  expect(kept([span('a', 'b', 'ours'), span('b', 'a')]).map(([id]) => id)).toEqual(['a', 'b']);
  expect(kept([span('a', 'b'), span('b', 'a'), span('c', 'b')])).toEqual([]);
  expect(kept([span('self', 'self'), span('below', 'self', 'ours')]).map(([id]) => id)).toEqual([
    'self',
    'below',
  ]);
});

test('follows a chain of as many spans as are read, whichever of them names the job', () => {
  const most = 5_000;
  const chain = (named: number, job: string) =>
    Array.from({ length: most }, (_, index) =>
      span(`span-${index}`, index === 0 ? null : `span-${index - 1}`, index === named ? job : null),
    );
  const all = chain(0, 'ours').map(({ id, parent }) => [id, parent, 1]);
  expect(kept(chain(0, 'ours'))).toEqual(all);
  expect(kept(chain(most - 1, 'ours'))).toEqual(all);
  // The order in which files have them does not matter.
  expect(kept(chain(most / 2, 'ours').reverse())).toEqual(all);
  expect(kept(chain(0, 'other'))).toEqual([]);

  const circle = chain(0, 'ours').map((each, index) =>
    index === 0 ? span('span-0', `span-${most - 1}`) : each,
  );
  expect(kept(circle)).toEqual([]);
});

test('follows a long chain of another job once, however many spans of the job are below it', () => {
  const others = Array.from({ length: 2_500 }, (_, index) =>
    span(`other-${index}`, index === 0 ? null : `other-${index - 1}`, index === 0 ? 'other' : null),
  );
  const ours = others.map((_, index) => span(`ours-${index}`, 'other-2499', 'ours'));
  expect(kept([...others, ...ours])).toEqual(ours.map(({ id }) => [id, null, 1]));
});

test('knows the ids of earlier and later runs', () => {
  const job = { ...sampleJob(), run: 2 };
  const { bucket, name, generation } = job.source;
  const { operation, options } = job;
  const id = (run: number) => jobId({ bucket, name, generation, operation, options, run });
  const found = runsOf(job);
  expect([1, 2, 3].map((run) => found.get(id(run)))).toEqual([1, 2, 3]);
});
