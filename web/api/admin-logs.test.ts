import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { costOfOneJob } from '@spillway/core/job-cost.ts';
import { expect, onTestFinished, test } from 'vitest';
import type { LogSource } from '../logs/log-source.ts';
import { jobDetailSchema, jobLogsSchema } from './admin-schema.ts';
import { createAdmin, createTestApi, tinyGif, upload } from './test-client.ts';
import { succeed } from './test-jobs.ts';

async function siteWithJob(logs: LogSource) {
  const site = createTestApi((ports) => ports, { logs });
  const job = await upload(site, 'a');
  const admin = await createAdmin(site);
  const read = async (part: string) => {
    const answer = await admin.request(`/api/v1/admin/jobs/${job.id}${part}`);
    return { status: answer.status, body: await answer.json() };
  };
  return { site, job, read };
}

test('the lines of a job are read from the files of logs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-logs-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const { job, read } = await siteWithJob({ kind: 'file', folder });
  const line = { time: '2026-01-01T12:00:00.000Z', severity: 'INFO', program: 'route', message: 'Routed.' };
  await writeFile(join(folder, 'route.log'), `${JSON.stringify({ ...line, jobId: job.id })}\n`);
  const { body } = await read('/logs');
  expect(jobLogsSchema.parse(body)).toMatchObject({ kind: 'file', entries: [{ message: 'Routed.' }] });
});

test('a link leads to the lines in Cloud Logging, and nothing where nobody said where they are', async () => {
  const { job, read } = await siteWithJob({ kind: 'cloud', project: 'my-project' });
  const { body } = await read('/logs');
  const logs = jobLogsSchema.parse(body);
  const url = logs.kind === 'cloud' ? decodeURIComponent(logs.url) : '';
  expect(url).toMatch(/^https:\/\/console\.cloud\.google\.com\/logs\/query;query=.*\?project=my-project$/s);
  expect(url).toContain(`jsonPayload.jobId="${job.id}"`);
  const unknown = await siteWithJob({ kind: 'unknown' });
  expect((await unknown.read('/logs')).body).toEqual({ kind: 'unknown' });
});

test('the job has its history, what it has cost, and its receipt', async () => {
  const { site, job, read } = await siteWithJob({ kind: 'unknown' });
  expect(jobDetailSchema.parse((await read('')).body).actualDollars).toBeNull();
  expect((await read('/receipt')).status).toBe(404);
  await succeed(job, tinyGif, site);
  const detail = jobDetailSchema.parse((await read('')).body);
  expect(detail.actualDollars).toBeGreaterThanOrEqual(costOfOneJob);
  expect(detail.history.map(({ kind }) => kind)).toEqual(['decided', 'published', 'ended']);
  expect(await read('/receipt')).toEqual({ status: 200, body: {} });
});
