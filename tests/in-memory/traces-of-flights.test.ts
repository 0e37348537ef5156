import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { context } from '@opentelemetry/api';
import { baseConfigSchema, parseConfig } from '@spillway/pipeline/config.ts';
import { silentLog } from '@spillway/pipeline/memory/ports.ts';
import { startTracing } from '@spillway/pipeline/telemetry/tracing.ts';
import { pathsOf, readSpans } from '@spillway/pipeline/testing/read-spans.ts';
import { copying, workbench } from '@spillway/pipeline/testing/workbench.ts';
import { startPulling } from '@spillway/worker/pull-loop.ts';
import { createWorkload } from '@spillway/worker/workload.ts';
import { expect, it, onTestFinished } from 'vitest';

it('jobs of one upload that a VM does one after another are beside each other in their trace', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-traces-'));
  const config = parseConfig(baseConfigSchema, {
    SPILLWAY_PROJECT: 'demo',
    SPILLWAY_UPLOADS_BUCKET: 'uploads',
    SPILLWAY_WEB_UPLOADS_BUCKET: 'web-uploads',
    SPILLWAY_RESULTS_BUCKET: 'results',
    SPILLWAY_TRACES: 'file',
    SPILLWAY_TRACES_DIR: folder,
  });
  const tracing = startTracing({ name: 'test' }, config, silentLog);
  const bench = await workbench({ tracing });
  const { operate: _, leaving: __, ...executor } = bench.executor('vm-1');
  const workload = createWorkload(executor, { slots: 1, mostBytes: 2 ** 30 }, () => ({
    operate: copying,
    onOutcome() {},
  }));
  await bench.drop('cat.jpg', { operation: 'sketch,caption,remove-background' });
  const pulling = startPulling('vm', { ...workload, ports: bench.ports });
  onTestFinished(async () => {
    await pulling.stop();
    await tracing.stop();
    context.disable();
    await rm(folder, { recursive: true, force: true });
  });
  const ended = async () => (await bench.jobs()).map(({ state }) => state);
  await expect.poll(ended).toEqual(Array(3).fill('succeeded'));
  await pulling.stop();
  await workload.idle();
  await tracing.stop();
  const paths = pathsOf(await readSpans(folder)).filter((path) => path.endsWith(' > deliver'));
  expect(paths).toEqual(Array(3).fill('upload > deliver'));
});
