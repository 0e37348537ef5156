import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job } from '@spillway/core/job.ts';
import { expect, onTestFinished, test } from 'vitest';
import type { TraceSource } from '../traces/trace-source.ts';
import { jobTraceSchema } from './admin-schema.ts';
import { createAdmin, createBrowser, createTestApi, type TestApi, upload } from './test-client.ts';
import { spanLine, traceId } from './test-traces.ts';

const trace = `00-${traceId}-b7ad6b7169203331-01`;

/** The job as an upload with this traceparent would have left it. */
async function tracedJob(site: TestApi, traceparent: string | null = trace): Promise<Job> {
  const { id } = await upload(site, 'a');
  const stored = await site.ports.jobs.get(id);
  if (!stored) throw new Error('The job is gone.');
  const traced = await site.ports.jobs.replace(stored, { ...stored.job, trace: traceparent });
  if (!traced) throw new Error('Somebody else has changed the job.');
  return traced.job;
}

async function read(site: TestApi, job: Job) {
  const admin = await createAdmin(site);
  const response = await admin.request(`/api/v1/admin/jobs/${job.id}/trace`);
  expect(response.status).toBe(200);
  return jobTraceSchema.parse(await response.json());
}

const siteWith = (traces: TraceSource) => createTestApi((ports) => ports, { traces });

test('a job’s spans are read from the files of traces, and no other job’s', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'spillway-traces-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const site = siteWith({ kind: 'file', folder: directory });
  const job = await tracedJob(site);
  const [route, claim] = ['00000000000000a1', '00000000000000b1'];
  await writeFile(
    join(directory, 'all.jsonl'),
    spanLine([
      { name: 'event', spanId: '00000000000000e1', startMs: 1_000, endMs: 1_090 },
      {
        name: 'route',
        spanId: route,
        parentSpanId: '00000000000000e1',
        job: job.id,
        startMs: 1_010,
        endMs: 1_080,
      },
      { name: 'route', parentSpanId: '00000000000000e1', job: 'another', startMs: 1_020 },
    ]) +
      spanLine(
        [
          {
            name: 'claim',
            spanId: claim,
            parentSpanId: route,
            startMs: 1_100,
            endMs: 1_120,
            attributes: { 'spillway.attempt': 2, 'spillway.worker': 'vm-1' },
            status: { code: 2, message: 'It was gone.' },
          },
        ],
        'vm-worker',
        'vm-1',
      ),
  );
  const attributes = { 'spillway.job.id': job.id };
  expect(await read(site, job)).toEqual({
    traceId,
    recording: {
      kind: 'file',
      notes: [],
      spans: [
        {
          ...{ id: '00000000000000e1', parent: null, name: 'event', run: 1, error: null },
          ...{
            startMs: 1_000,
            endMs: 1_090,
            service: 'route',
            instance: 'route-1',
            attributes: {},
            events: [],
          },
        },
        {
          ...{ id: route, parent: '00000000000000e1', name: 'route', run: 1, error: null },
          ...{ startMs: 1_010, endMs: 1_080, service: 'route', instance: 'route-1', attributes, events: [] },
        },
        {
          ...{ id: claim, parent: route, name: 'claim', run: 1, error: 'It was gone.' },
          ...{ startMs: 1_100, endMs: 1_120, service: 'vm-worker', instance: 'vm-1', events: [] },
          attributes: { 'spillway.attempt': '2', 'spillway.worker': 'vm-1' },
        },
      ],
    },
  });
});

test('where the spans are elsewhere, it says where, and where nothing records them, that', async () => {
  const cloud = siteWith({ kind: 'cloud', project: 'my-project' });
  const url = `https://console.cloud.google.com/traces/explorer;traceId=${traceId}?project=my-project`;
  expect(await read(cloud, await tracedJob(cloud))).toEqual({ traceId, recording: { kind: 'cloud', url } });
  expect(await read(cloud, await tracedJob(cloud, null))).toEqual({
    traceId: null,
    recording: { kind: 'cloud', url: null },
  });
  for (const kind of ['otlp', 'off'] as const) {
    const site = siteWith({ kind });
    expect(await read(site, await tracedJob(site))).toEqual({ traceId, recording: { kind } });
  }
});

test('a trace that was not chosen says so, and an upload without one has no spans', async () => {
  const site = siteWith({ kind: 'file', folder: join(tmpdir(), 'spillway-no-such-folder') });
  const unsampled = await read(site, await tracedJob(site, trace.replace(/1$/, '0')));
  expect(unsampled.recording).toMatchObject({ spans: [], notes: [expect.stringMatching(/not chosen/)] });
  expect(await read(site, await tracedJob(site, null))).toEqual({
    traceId: null,
    recording: { kind: 'file', spans: [], notes: [] },
  });
});

test('only an admin may see it, and only of a job that there is', async () => {
  const site = siteWith({ kind: 'off' });
  const job = await tracedJob(site);
  const stranger = await createBrowser(site).request(`/api/v1/admin/jobs/${job.id}/trace`);
  expect(stranger.status).toBe(401);
  const admin = await createAdmin(site);
  expect((await admin.request('/api/v1/admin/jobs/nothing/trace')).status).toBe(404);
});
