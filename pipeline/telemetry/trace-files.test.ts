import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExportResultCode } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base';
import { expect, it, onTestFinished } from 'vitest';
import { createFileExporter } from './trace-files.ts';

const kept = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(kept)] });
provider.getTracer('test').startSpan('upload').end();
const spans = kept.getFinishedSpans();

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-trace-files-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The code of the result. */
function write(exporter: SpanExporter): Promise<number> {
  return new Promise((resolve) => exporter.export(spans, ({ code }) => resolve(code)));
}

it('a file that is full is put aside, and the one before it goes', async () => {
  const folder = await newFolder();
  const limits = { file: 2_000, folder: 1_000_000 };
  const exporter = createFileExporter(folder, 'site-one', limits);
  for (let batch = 0; batch < 30; batch++) expect(await write(exporter)).toBe(ExportResultCode.SUCCESS);
  expect((await readdir(folder)).sort()).toEqual(['site-one.1.jsonl', 'site-one.jsonl']);
  for (const name of await readdir(folder)) {
    expect((await stat(join(folder, name))).size).toBeLessThanOrEqual(limits.file);
  }
});

it('a process that starts removes the oldest files of a folder that is full', async () => {
  const folder = await newFolder();
  for (const [age, name] of ['newest', 'older', 'oldest'].entries()) {
    const path = join(folder, `${name}.jsonl`);
    await writeFile(path, 'x'.repeat(400));
    await utimes(path, 1_000_000 - age, 1_000_000 - age);
  }
  await writeFile(join(folder, 'notes.txt'), 'x'.repeat(5_000));
  await write(createFileExporter(folder, 'site-one', { file: 10_000, folder: 1_000 }));
  expect((await readdir(folder)).sort()).toEqual([
    'newest.jsonl',
    'notes.txt',
    'older.jsonl',
    'site-one.jsonl',
  ]);
});

it('a folder that cannot be written fails the batch, and takes the next once it can', async () => {
  const folder = await newFolder();
  const taken = join(folder, 'traces');
  await writeFile(taken, 'A file is in the place of the folder.');
  const exporter = createFileExporter(taken, 'site-one');
  expect(await write(exporter)).toBe(ExportResultCode.FAILED);
  await rm(taken);
  expect(await write(exporter)).toBe(ExportResultCode.SUCCESS);
});
