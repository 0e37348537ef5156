import { OutageError, PermanentError } from '@spillway/core/errors.ts';
import { spanAttributes } from '@spillway/core/spans.ts';
import { parseTrace } from '@spillway/core/trace.ts';
import { expect, it } from 'vitest';
import type { Operate } from './executor.ts';
import { handleMessage } from './handle-message.ts';
import { retryJob } from './retry.ts';
import { routeUpload } from './route.ts';
import { sweepOnce } from './sweep.ts';
import { pathsOf } from './testing/read-spans.ts';
import { tracedBench } from './testing/traced-bench.ts';
import { copying } from './testing/workbench.ts';
import { traceSession } from './upload-trace.ts';

const inSteps: Operate = async (request) => {
  const startedAt = Date.now();
  const steps = (['check', 'make', 'write'] as const).map((step) => ({ step, startedAt, ms: 1 }));
  return { ...(await copying(request)), steps };
};

const attempt = [
  'upload > deliver',
  'upload > deliver > claim',
  'upload > deliver > download',
  'upload > deliver > process',
  'upload > deliver > process > check',
  'upload > deliver > process > make',
  'upload > deliver > process > write',
  'upload > deliver > record',
  'upload > deliver > announce',
  'upload > deliver > store',
];
const arrival = ['upload', 'upload > event', 'upload > route', 'upload > route > publish'];

it('an upload is one trace, from the object to what follows the end of its job', async () => {
  const { bench, spans } = await tracedBench();
  const [job] = await bench.drop();
  const message = bench.take('vm');
  const published = bench.ports.queue.traces.get(message) ?? null;
  await handleMessage(message, bench.executor('vm-1', inSteps), published);

  const found = await spans();
  expect(pathsOf(found)).toEqual([...arrival, ...attempt].sort());
  const trace = parseTrace(job?.trace ?? null);
  expect(new Set(found.map(({ traceId }) => traceId))).toEqual(new Set([trace?.traceId]));
  const spanOf = (name: string) => found.find((span) => span.name === name);
  expect(spanOf('deliver')).toMatchObject({
    attributes: {
      [spanAttributes.jobId]: job?.id,
      [spanAttributes.operation]: 'sketch',
      [spanAttributes.target]: 'vm',
      [spanAttributes.worker]: 'vm-1',
      [spanAttributes.attempt]: 1,
      [spanAttributes.epoch]: 0,
      [spanAttributes.outcome]: 'succeeded',
    },
    links: [{ spanId: spanOf('publish')?.spanId }],
  });
  // What follows the end continues the trace, too.
  const announced = parseTrace(bench.ports.queue.announced[0]?.trace ?? null);
  expect(announced).toEqual({ traceId: trace?.traceId, spanId: spanOf('announce')?.spanId, sampled: true });
});

it('a repeated event adds nothing to the trace, and an upload without one gets the same again', async () => {
  const { bench, spans } = await tracedBench();
  const object = bench.ports.blobs.upload('uploads', 'sketch/cat.jpg', Buffer.from('cat'));
  const [first] = await routeUpload(object, null, bench.ports);
  const [second] = await routeUpload(object, null, bench.ports);
  expect(second?.trace).toBe(first?.trace);
  expect(pathsOf(await spans())).toEqual(arrival);
});

it('jobs that one upload asks for share its trace, and each span says whose it is', async () => {
  const { bench, spans } = await tracedBench();
  const jobs = await bench.drop('cat.jpg', { operation: 'sketch,caption' });
  const found = await spans();
  const routes = found.filter(({ name }) => name === 'route');
  expect(routes.map(({ attributes }) => attributes[spanAttributes.jobId]).sort()).toEqual(
    jobs.map(({ id }) => id).sort(),
  );
  expect(new Set(found.map(({ traceId }) => traceId)).size).toBe(1);
});

it.each<[string, string, boolean]>([
  ['kept', '01', true],
  ['not kept', '00', false],
])('the traceparent in the metadata goes before all else, and its trace is %s', async (_, flags, kept) => {
  const { bench, spans } = await tracedBench({ SPILLWAY_TRACES_SAMPLED: kept ? '0' : '1' });
  const traceparent = `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-${flags}`;
  const metadata = { operation: 'sketch', traceparent };
  const object = bench.ports.blobs.upload('uploads', 'cat.jpg', Buffer.from('cat'), metadata);
  const header = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
  expect(await routeUpload(object, header, bench.ports)).toMatchObject([{ trace: traceparent }]);
  expect(pathsOf(await spans())).toEqual(kept ? ['? > event', '? > route', '? > route > publish'] : []);
});

it('a header of the platform that is not sampled leaves the decision to the share', async () => {
  const { bench, spans } = await tracedBench();
  const object = bench.ports.blobs.upload('uploads', 'sketch/cat.jpg', Buffer.from('cat'));
  const unsampled = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
  const [job] = await routeUpload(object, unsampled, bench.ports);
  expect(job?.trace).toBe(unsampled.replace(/00$/, '01'));
  expect(await spans()).not.toEqual([]);
});

it('the site begins the trace of what is uploaded there', async () => {
  const { bench, spans } = await tracedBench();
  const session = traceSession(bench.ports);
  session?.opened();
  const traceparent = session?.traceparent ?? '';
  await bench.dropOnSite('ann/cat.jpg', { operation: 'sketch', traceparent });
  expect(pathsOf(await spans())).toEqual(arrival);
});

it('a job that is moved, tried again and run once more stays in its trace', async () => {
  const { bench, spans } = await tracedBench();
  let tries = 0;
  const fails: Operate = async () => {
    if (tries++ === 0) throw new OutageError('Cloud Storage did not answer.');
    throw new PermanentError('corrupt_image');
  };
  const [job] = await bench.drop();
  await handleMessage(bench.take('vm'), bench.executor('vm-1', fails));
  // No VM is left: the sweep moves the job to Cloud Run.
  await bench.beats({ state: 'stopped' });
  bench.clock.advance(30_000);
  await expect
    .poll(() => {
      bench.clock.advance(5_000);
      return sweepOnce('a', bench.ports);
    })
    .toMatchObject({ moved: 1 });
  await handleMessage(bench.take('run'), bench.executor('run-1', fails));
  await bench.beats();
  const retried = await retryJob(job?.id ?? '', bench.ports);
  if (retried.kind !== 'retried') throw new Error(retried.why);
  const { target } = retried.job.route;
  await handleMessage(bench.take(target), bench.executor(`${target}-1`, inSteps));

  const found = await spans();
  const ofJobs = found.filter(({ name }) => name !== 'sweep');
  expect(new Set(ofJobs.map(({ traceId }) => traceId)).size).toBe(1);
  const paths = pathsOf(ofJobs);
  for (const path of ['upload > move > publish', 'upload > retry > route > publish']) {
    expect(paths).toContain(path);
  }
  expect(paths.filter((path) => path === 'upload > deliver')).toHaveLength(2);
  expect(paths.filter((path) => path === 'upload > retry > deliver')).toHaveLength(1);
  expect(ofJobs.find(({ name }) => name === 'retry')).toMatchObject({
    attributes: { [spanAttributes.jobId]: retried.job.id, [spanAttributes.retryOf]: job?.id },
    links: [{ spanId: parseTrace(job?.trace ?? null)?.spanId }],
  });
  const ends = ofJobs.filter(({ name }) => name === 'deliver').map(({ status }) => status.message ?? 'ok');
  expect(ends.sort()).toEqual(['corrupt_image', 'given_back', 'ok']);
  expect(found.find(({ name }) => name === 'sweep')).toMatchObject({
    attributes: { 'spillway.sweep.moved': 1 },
  });
});
