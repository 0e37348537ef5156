import { RetryableError } from '@spillway/core/errors.ts';
import { expect, it } from 'vitest';
import { cancelJob } from '../cancel.ts';
import { handleMessage, receiveMessage } from '../handle-message.ts';
import { routeUpload } from '../route.ts';
import { sweepOnce } from '../sweep.ts';
import { type Workbench, workbench } from '../testing/workbench.ts';

/** What was told of a metric, without the others. */
const toldOf = ({ ports }: Workbench, name: string) =>
  ports.instruments.told.filter((fact) => fact.name === name).map(({ labels }) => labels);

it('a job is told of once, however often its event and its message come', async () => {
  const bench = await workbench();
  const object = bench.ports.blobs.upload('uploads', 'sketch/cat.jpg', Buffer.from('cat'));
  await routeUpload(object, null, bench.ports);
  await routeUpload(object, null, bench.ports);
  const message = bench.take('vm');
  bench.clock.advance(2_000);
  for (let times = 0; times < 3; times++) await handleMessage(message, bench.executor());
  await sweepOnce('sweeper', bench.ports);

  expect(toldOf(bench, 'spillway.routing.decisions')).toEqual([
    { target: 'vm', reason: expect.any(String), move: 'no' },
  ]);
  expect(toldOf(bench, 'spillway.jobs.ended')).toEqual([
    { operation: 'sketch', target: 'vm', state: 'succeeded', code: 'none' },
  ]);
  expect(toldOf(bench, 'spillway.job.objective')).toEqual([
    { operation: 'sketch', class: 'interactive', kept: 'yes' },
  ]);
  expect(bench.ports.instruments.told).toContainEqual({
    name: 'spillway.job.wait',
    labels: { operation: 'sketch', target: 'vm' },
    value: 2,
  });
  expect(toldOf(bench, 'spillway.job.run')).toHaveLength(1);
});

it('a worker whose claim was lost tells nothing of the end that does not count', async () => {
  const bench = await workbench();
  await bench.drop();
  const slow = bench.executor('vm-1', async (request) => {
    // Somebody cancels it while it is worked on.
    const [job] = await bench.jobs();
    await cancelJob(job?.id ?? '', bench.ports);
    return bench.executor().operate(request);
  });
  await handleMessage(bench.take('vm'), slow);
  expect(toldOf(bench, 'spillway.jobs.ended')).toEqual([
    { operation: 'sketch', target: 'vm', state: 'cancelled', code: 'none' },
  ]);
  expect(toldOf(bench, 'spillway.job.objective')).toEqual([]);
});

it('what is refused at once has no target, and says nothing of objectives', async () => {
  const bench = await workbench();
  await bench.drop('no-such-operation/cat.jpg');
  expect(toldOf(bench, 'spillway.jobs.ended')).toEqual([
    { operation: 'other', target: 'none', state: 'failed', code: 'unknown_operation' },
  ]);
  expect(toldOf(bench, 'spillway.job.objective')).toEqual([]);
});

it('an attempt that is given back is told of with its reason, and so is one that nobody renews', async () => {
  const bench = await workbench();
  await bench.drop();
  const failing = bench.executor('vm-1', async () => {
    throw new RetryableError('internal', 'The child was killed.');
  });
  await handleMessage(bench.take('vm'), failing);
  expect(toldOf(bench, 'spillway.jobs.given_back')).toEqual([
    { operation: 'sketch', target: 'vm', why: 'attempt_failed' },
  ]);
});

it('a message that nobody can read is told of where it is put aside', async () => {
  const bench = await workbench();
  await receiveMessage({ data: 'not json', trace: null }, bench.executor());
  expect(toldOf(bench, 'spillway.dead_letters')).toEqual([{ kind: 'message' }]);
});
