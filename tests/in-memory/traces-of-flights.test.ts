import { pathsOf } from '@spillway/pipeline/testing/read-spans.ts';
import { tracedBench } from '@spillway/pipeline/testing/traced-bench.ts';
import { copying } from '@spillway/pipeline/testing/workbench.ts';
import { startPulling } from '@spillway/worker/pull-loop.ts';
import { createWorkload } from '@spillway/worker/workload.ts';
import { expect, it, onTestFinished } from 'vitest';

it('jobs of one upload that a VM does one after another are beside each other in their trace', async () => {
  const { bench, spans } = await tracedBench();
  const { operate: _, leaving: __, ...executor } = bench.executor('vm-1');
  const workload = createWorkload(executor, { slots: 1, mostBytes: 2 ** 30 }, () => ({
    operate: copying,
    onOutcome() {},
  }));
  await bench.drop('cat.jpg', { operation: 'sketch,caption,remove-background' });
  const pulling = startPulling('vm', { ...workload, ports: bench.ports });
  onTestFinished(pulling.stop);
  const ended = async () => (await bench.jobs()).map(({ state }) => state);
  await expect.poll(ended).toEqual(Array(3).fill('succeeded'));
  await pulling.stop();
  await workload.idle();
  const paths = pathsOf(await spans()).filter((path) => path.endsWith(' > deliver'));
  expect(paths).toEqual(Array(3).fill('upload > deliver'));
});
