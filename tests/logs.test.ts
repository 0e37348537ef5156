import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, inject, it } from 'vitest';
import { drawnJpeg } from './pictures.ts';
import { clientOf } from './stack-client.ts';

const logs = inject('logs');
const client = clientOf(inject('stack'));
afterAll(() => client.close());

/**
 * Bytes that all programs together may log about a job, from its upload to its result: 2 kB where it is moved twice. How
 * often a job is moved or republished depends on how busy the machine is, so these lines are held against a limit of
 * their own.
 */
const most = { straight: 1_100, more: 430 } as const;
const moreThanStraight = /^(Moved|Published a job|Republished|Queued again|The event was repeated)/;

/** The lines of all programs about a job, each as it is written. */
async function linesAbout(jobId: string): Promise<string[]> {
  const names = await readdir(logs);
  const files = await Promise.all(names.map((name) => readFile(join(logs, name), 'utf8')));
  return files.flatMap((file) => file.split('\n')).filter((line) => line.includes(`"jobId":"${jobId}"`));
}

it('all programs together log little about a job, and each line says which and in which trace', async () => {
  const name = 'sketch/logged.jpg';
  await client.drop(name, await drawnJpeg(7));
  const [job] = await client.endedJobs(name);
  if (!job?.trace) throw new Error('There is no job with a trace.');
  const { id, trace } = job;
  // The worker writes its line when the job has ended.
  const isHandled = async () => (await linesAbout(id)).some((line) => line.includes('"Handled."'));
  await expect.poll(isHandled).toBe(true);
  const lines = (await linesAbout(id)).map((text) => ({ text, line: JSON.parse(text) }));
  expect(lines.map(({ line }) => line)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ severity: 'INFO', jobId: id, operation: 'sketch', outcome: 'succeeded' }),
      expect.objectContaining({ severity: 'INFO', jobId: id, message: expect.stringMatching(/^Routed: /) }),
    ]),
  );
  for (const { line } of lines) expect(line).toMatchObject(traceFieldsOf(trace));
  const [more, straight] = [true, false].map((isMore) =>
    lines
      .filter(({ line }) => moreThanStraight.test(line.message) === isMore)
      .map(({ text }) => Buffer.byteLength(text) + 1),
  );
  expect((straight ?? []).reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(most.straight);
  expect((more ?? []).filter((bytes) => bytes > most.more)).toEqual([]);
});

function traceFieldsOf(traceparent: string) {
  const [, traceId] = traceparent.split('-');
  return {
    'logging.googleapis.com/trace': `projects/${client.stack.project}/traces/${traceId}`,
    'logging.googleapis.com/spanId': expect.stringMatching(/^[0-9a-f]{16}$/),
    'logging.googleapis.com/trace_sampled': expect.any(Boolean),
  };
}
