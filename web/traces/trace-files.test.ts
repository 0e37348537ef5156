import { appendFile, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { spanLine, traceId } from '../api/test-traces.ts';
import { findSpans } from './trace-files.ts';

async function folder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'spillway-traces-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

const names = async (directory: string, limits?: Parameters<typeof findSpans>[2]) => {
  const { spans, notes } = await findSpans(directory, traceId, limits);
  return { names: spans.map(({ name }) => name).sort(), notes };
};

test('finds the spans of one trace in the files of all programs', async () => {
  const directory = await folder();
  await writeFile(join(directory, 'route-1.jsonl'), spanLine([{ name: 'route' }, { name: 'publish' }]));
  await writeFile(
    join(directory, 'vm-worker-2.jsonl'),
    spanLine([{ name: 'elsewhere', traceId: 'f'.repeat(32) }]) + spanLine([{ name: 'claim' }]),
  );
  expect(await names(directory)).toEqual({ names: ['claim', 'publish', 'route'], notes: [] });
});

test('a folder that is not there has none, and one that is no folder says so', async () => {
  const directory = await folder();
  expect(await names(join(directory, 'not-yet'))).toEqual({ names: [], notes: [] });
  await writeFile(join(directory, 'file'), '');
  const { notes } = await names(join(directory, 'file'));
  expect(notes).toEqual(['The folder of traces could not be read: ENOTDIR.']);
});

test('passes over half a line, what is no JSON, spans that are none, and folders', async () => {
  const directory = await folder();
  const file = join(directory, 'worker.jsonl');
  const half = spanLine([{ name: 'half' }]).slice(0, -10);
  await writeFile(file, `not JSON, but with ${traceId}\n\n{"resourceSpans":"${traceId}"}\n`);
  await appendFile(file, spanLine([{ name: 'broken', startTimeUnixNano: 'noon' }, { name: 'whole' }]));
  await appendFile(file, half);
  await mkdir(join(directory, 'folder.jsonl'));
  expect(await names(directory)).toEqual({ names: ['whole'], notes: [] });
  // The writer goes on.
  await appendFile(file, spanLine([{ name: 'half' }]).slice(-10));
  expect(await names(directory)).toEqual({ names: ['half', 'whole'], notes: [] });
});

test('finds a line that is longer than what is read at once, and none that is longer than a line may be', async () => {
  const directory = await folder();
  const many = Array.from({ length: 12_000 }, () => ({ name: 'padding', traceId: 'e'.repeat(32) }));
  const line = spanLine([...many, { name: 'last' }]);
  expect(line.length).toBeGreaterThan(2 * 2 ** 20);
  await writeFile(join(directory, 'a.jsonl'), line + spanLine([{ name: 'next' }]));
  expect((await names(directory)).names).toEqual(['last', 'next']);
  const limits = { files: 10, bytes: 2 ** 30, line: 2 ** 20, spans: 10 };
  expect((await names(directory, limits)).names).toEqual(['next']);
});

test('reads no more than it may, the newest files first, and says so', async () => {
  const directory = await folder();
  for (const [index, name] of ['oldest', 'older', 'newest'].entries()) {
    const file = join(directory, `${name}.jsonl`);
    await writeFile(file, spanLine([{ name }]));
    await utimes(file, index + 1, index + 1);
  }
  const limits = { files: 2, bytes: 2 ** 20, line: 2 ** 20, spans: 10 };
  expect(await names(directory, limits)).toEqual({
    names: ['newest', 'older'],
    notes: ['Only the newest 2 files were searched.'],
  });
  expect(await names(directory, { ...limits, files: 3, bytes: 10 })).toMatchObject({ names: [] });
  expect(await names(directory, { ...limits, files: 3, spans: 1 })).toEqual({
    names: ['newest'],
    notes: ['Only 1 spans of this trace were read.'],
  });
});
