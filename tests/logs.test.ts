import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, inject, it } from 'vitest';
import { drawnJpeg } from './pictures.ts';
import { clientOf } from './stack-client.ts';

const logs = inject('logs');
const client = clientOf(inject('stack'));
afterAll(() => client.firestore.terminate());

/** Bytes that all programs together may log about a job, from its upload to its result. */
const mostBytes = 2_000;

/** The lines of all programs with one of these texts, each as it is written. */
async function linesWith(...texts: string[]): Promise<string[]> {
  const names = await readdir(logs);
  const files = await Promise.all(names.map((name) => readFile(join(logs, name), 'utf8')));
  return files
    .flatMap((file) => file.split('\n'))
    .filter((line) => texts.some((text) => line.includes(text)));
}

it('all programs together log little about a job, and each line says which and in which trace', async () => {
  const name = 'sketch/logged.jpg';
  await client.drop(name, await drawnJpeg(7));
  const [job] = await client.endedJobs(name);
  if (!job) throw new Error('There is no job.');
  const { id, trace } = job;
  const traceId = trace?.split('-')[1] ?? id;
  const about = () => linesWith(id, traceId, name);
  // The worker writes its line when the job has ended.
  await expect.poll(async () => (await about()).some((line) => line.includes('"Handled."'))).toBe(true);
  const lines = await about();
  expect(lines.map((line) => JSON.parse(line))).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ severity: 'INFO', jobId: id, operation: 'sketch', outcome: 'succeeded' }),
      expect.objectContaining({ severity: 'INFO', jobId: id, message: expect.stringMatching(/^Routed: /) }),
    ]),
  );
  for (const line of lines) expect(JSON.parse(line)).toMatchObject(trace ? traceFieldsOf(trace) : {});
  const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
  expect(bytes).toBeLessThanOrEqual(mostBytes);
});

function traceFieldsOf(traceparent: string) {
  const [, traceId] = traceparent.split('-');
  return {
    'logging.googleapis.com/trace': `projects/${client.stack.project}/traces/${traceId}`,
    'logging.googleapis.com/spanId': expect.stringMatching(/^[0-9a-f]{16}$/),
    'logging.googleapis.com/trace_sampled': expect.any(Boolean),
  };
}
