import { dirname, join } from 'node:path';
import { context } from '@opentelemetry/api';
import { decideRoute } from '@spillway/core/routing/policy.ts';
import { spanAttributes } from '@spillway/core/spans.ts';
import { overTime } from '@spillway/core/steps.ts';
import { parseTrace } from '@spillway/core/trace.ts';
import { baseConfigSchema } from '@spillway/pipeline/config.ts';
import { enqueue } from '@spillway/pipeline/enqueue.ts';
import { silentLog } from '@spillway/pipeline/memory/ports.ts';
import { environmentOf } from '@spillway/pipeline/stack-file.ts';
import { startTracing } from '@spillway/pipeline/telemetry/tracing.ts';
import { type FoundSpan, pathsOf, readSpans } from '@spillway/pipeline/testing/read-spans.ts';
import { expect, inject, it, onTestFinished } from 'vitest';
import { adminTokenOf } from './admin-token.ts';
import { drop, endedJobs, jobsWhere, vms } from './drop.ts';
import { drawnJpeg } from './pictures.ts';
import { waitForEnd } from './stack-client.ts';
import { portsOf } from './stack-ports.ts';
import { Visitor } from './visitor.ts';

const stack = inject('stack');
const folder = join(dirname(inject('logs')), 'traces');

/** The spans of a trace that all programs have written so far. */
async function spansOf(traceparent: string | null): Promise<FoundSpan[]> {
  const trace = parseTrace(traceparent);
  return (await readSpans(folder)).filter(({ traceId }) => traceId === trace?.traceId);
}

/** Waits until the programs have written these, and gives them as `service: path`. */
async function pathsWith(traceparent: string | null, expected: string[]): Promise<string[]> {
  await expect
    .poll(async () => pathsOf(await spansOf(traceparent)))
    .toEqual(expect.arrayContaining(expected));
  return pathsOf(await spansOf(traceparent));
}

const arrivalBelow = (path: string) =>
  ['event', 'route', 'route > publish'].map((rest) => `${path} > ${rest}`);
const attemptBelow = (path: string) => [
  `${path} > deliver`,
  ...['announce', 'claim', 'download', 'process', 'record', 'store'].map(
    (name) => `${path} > deliver > ${name}`,
  ),
];

it('a job is one trace, with its parts from all programs and from the child', async () => {
  await drop('sketch/traced.jpg', await drawnJpeg(1));
  const [job] = await endedJobs('sketch/traced.jpg');
  const trace = job?.trace ?? null;
  // Eventarc's request has a span that is the platform's and in no file. A bucket's own notification has none.
  const isRoot = async () => {
    const path = pathsOf(await spansOf(trace)).find((each) => each.endsWith('upload'));
    return path === undefined ? null : path === 'upload';
  };
  await expect.poll(isRoot).not.toBeNull();
  const [upload, above] = (await isRoot()) ? ['upload', 'upload'] : ['? > upload', '?'];
  const inChild = ['check', 'make', 'write'].map((step) => `${above} > deliver > process > ${step}`);
  await pathsWith(trace, [upload, ...arrivalBelow(above), ...attemptBelow(above), ...inChild]);

  const found = await spansOf(trace);
  const services = [...new Set(found.map(({ service }) => service))];
  expect(services).toEqual(expect.arrayContaining(['route', expect.stringMatching(/worker$/)]));
  // Of one machine's clock, in milliseconds: two steps may begin in the same one.
  const inOrder = ['deliver', 'download', 'check', 'make', 'write', 'store', 'record', 'announce'];
  const starts = inOrder.map((name) => found.find((span) => span.name === name)?.startTimeUnixNano ?? -1n);
  for (const [index, start] of starts.entries()) {
    expect([inOrder[index], start >= (starts[index - 1] ?? 0n)]).toEqual([inOrder[index], true]);
  }
  const attempts = found.filter(({ name }) => name === 'deliver');
  const deliver = attempts.find(({ attributes }) => attributes[spanAttributes.attempt] === job?.attempt);
  expect(deliver?.attributes).toMatchObject({
    [spanAttributes.jobId]: job?.id,
    [spanAttributes.worker]: job?.claim?.worker,
  });
});

it('what the site began, and what a person runs once more, is the same trace', async () => {
  const visitor = new Visitor(stack.web);
  const uploadId = await visitor.upload('broken.jpg', Buffer.from('This is no picture.'));
  const jobsOfUpload = () => jobsWhere({ field: 'upload', from: uploadId, to: uploadId });
  const [failed] = await waitForEnd(jobsOfUpload, 1, 60_000);
  const retried = await visitor.request(`/api/v1/jobs/${failed?.id}/retry`, { method: 'POST' });
  expect(retried.ok).toBe(true);
  const jobs = await waitForEnd(jobsOfUpload, 2, 60_000);
  expect(jobs.map(({ state }) => state)).toEqual(['failed', 'failed']);
  const traces = new Set(jobs.map(({ trace }) => parseTrace(trace)?.traceId));
  expect(traces.size).toBe(1);

  const trace = failed?.trace ?? null;
  await pathsWith(trace, [
    'upload',
    ...arrivalBelow('upload'),
    'upload > deliver',
    'upload > retry > route > publish',
  ]);
  await pathsWith(trace, ['upload > retry > deliver', 'upload > retry > deliver > store']);
  const found = await spansOf(trace);
  expect(
    new Set(found.filter(({ name }) => ['upload', 'retry'].includes(name)).map(({ service }) => service)),
  ).toEqual(new Set(['site']));
  const ends = found.filter(({ name }) => name === 'deliver').map(({ status }) => status.message);
  expect(ends).toEqual(expect.arrayContaining(jobs.map(({ error }) => error?.code)));
});

it('a job that is moved stays in its trace', async () => {
  const headers = {
    authorization: `Bearer ${adminTokenOf(stack.adminUrl)}`,
    'content-type': 'application/json',
  };
  const drain = (worker: string, wanted: boolean) =>
    fetch(`${stack.web}/api/v1/admin/workers/${worker}/drain`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ drain: wanted }),
    });
  const workers = ['vm-1', 'vm-2'];
  onTestFinished(async () => void (await Promise.all(workers.map((worker) => drain(worker, false)))));
  await Promise.all(workers.map((worker) => drain(worker, true)));
  const states = async () => (await vms()).map(({ state }) => state);
  await expect.poll(states).toEqual(['drained', 'drained']);

  // This test is the router: no event is made of a name like this.
  const name = '_traced/moved.jpg';
  const bytes = await drawnJpeg(2);
  const generation = await drop(name, bytes);
  const config = baseConfigSchema.parse({
    ...environmentOf(stack),
    SPILLWAY_TRACES: 'file',
    SPILLWAY_TRACES_DIR: folder,
  });
  const tracing = startTracing({ name: 'route', instance: 'test' }, config, silentLog);
  const ports = await portsOf(stack, tracing);
  onTestFinished(async () => {
    await tracing.stop();
    context.disable();
  });
  const trace = '00-5b8aa5a2d2c872e8321cf37308d69df2-051581bf3cb55c13-01';
  const now = new Date();
  const source = {
    bucket: stack.buckets.uploads,
    name,
    generation,
    size: bytes.length,
    contentType: 'image/jpeg',
    timeCreated: now,
    pixels: null,
  };
  const request = {
    ...{ operation: 'sketch', options: {}, owner: null, source, class: 'interactive' as const },
    ...{
      batch: null,
      batchSize: null,
      batchIndex: null,
      upload: null,
      run: 1,
      retryOf: null,
      rerunOf: null,
      trace,
      clockStartsAt: now,
    },
  };
  await overTime(enqueue(request, ports, (question) => ({ ...decideRoute(question), target: 'vm' })));
  const [job] = await endedJobs(name);
  expect(job).toMatchObject({ state: 'succeeded', trace, route: { target: 'run', movedFrom: 'vm' } });
  await tracing.flush(60_000);
  const expected = ['? > route > publish', '? > move > publish', ...attemptBelow('?')];
  await pathsWith(trace, expected);
  const found = await spansOf(trace);
  const deliver = found.find((span) => span.name === 'deliver');
  expect(deliver).toMatchObject({
    service: 'cloudrun-worker',
    attributes: { [spanAttributes.target]: 'run', [spanAttributes.epoch]: job?.route.epoch },
  });
  // A message of the move brought it, not the first one.
  const published = found.filter(
    (span) => span.name === 'publish' && span.attributes[spanAttributes.epoch] === job?.route.epoch,
  );
  expect(published.map(({ spanId }) => spanId)).toContain(deliver?.links[0]?.spanId);
});
