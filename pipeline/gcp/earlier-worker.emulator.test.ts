import { randomUUID } from 'node:crypto';
import { wholeLine } from '@spillway/core/routing/lanes.ts';
import { sampleJob } from '@spillway/core/testing/sample-job.ts';
import { published, routed } from '@spillway/core/transitions.ts';
import { expect, it, onTestFinished } from 'vitest';
import { emulatorPorts } from '../testing/emulator-ports.ts';

it('a job is in no lane once a worker that knows none has claimed and ended it', async () => {
  const { jobs, backlog, firestore, close } = emulatorPorts(`demo-earlier-${randomUUID().slice(0, 8)}`);
  onTestFinished(close);
  const { stored } = await jobs.create(sampleJob());
  const { epoch: _, at: __, movedFrom: ___, lanes: ____, decideBy: _____, ...choice } = stored.job.route;
  const decided = routed(stored.job, { ...choice, reason: 'vm_in_time' }, new Date());
  await jobs.replace(stored, published(decided, new Date()));
  expect(await backlog.heads(wholeLine, 4)).toHaveLength(1);

  // It writes only the fields that it changes.
  const document = firestore.collection('jobs').doc(stored.job.id);
  const lanes = async () => (await document.get()).get('route.lanes');
  await document.update({ state: 'processing', attempt: 1 });
  expect(await backlog.heads(wholeLine, 4)).toEqual([]);
  await document.update({ state: 'succeeded', endedAt: new Date() });
  expect(await lanes()).not.toEqual([]);
  expect(await backlog.heads(wholeLine, 4)).toEqual([]);
});
