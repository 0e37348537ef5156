import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findLogEntries } from './log-files.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-logs-'));
});
afterAll(() => rm(folder, { recursive: true }));

const line = (second: number, fields: object) =>
  JSON.stringify({ severity: 'INFO', time: `2026-01-01T12:00:0${second}.000Z`, ...fields });
const limits = { files: 10, bytes: 2 ** 20, line: 10_000, entries: 100 };

it('finds the lines of a job in the files of all programs, in order, and reads what is no JSON as nothing', async () => {
  await writeFile(
    join(folder, 'vm-1.log'),
    [
      line(3, { program: 'vm-worker vm-1', message: 'Done.', jobId: 'abc', ms: 12 }),
      'npm warn: abc is no JSON',
      '{"abc": ',
      line(4, { program: 'vm-worker vm-1', message: 'Another job.', jobId: 'def' }),
    ].join('\n'),
  );
  await writeFile(
    join(folder, 'router.log'),
    `${line(1, { program: 'functions', message: 'Routed.', jobId: 'abc' })}\n`,
  );
  await writeFile(join(folder, 'notes.txt'), line(2, { message: 'abc' }));
  const { entries, notes } = await findLogEntries(folder, ['abc'], limits);
  expect(entries.map(({ program, message, fields }) => [program, message, fields])).toEqual([
    ['functions', 'Routed.', {}],
    ['vm-worker vm-1', 'Done.', { ms: '12' }],
  ]);
  expect(notes).toEqual([]);
});

it('keeps the latest where there are too many, and says so', async () => {
  const { entries, notes } = await findLogEntries(folder, ['abc'], { ...limits, entries: 1 });
  expect(entries.map(({ message }) => message)).toEqual(['Done.']);
  expect(notes).toEqual(['Only the latest 1 of 2 lines are here.']);
  expect(await findLogEntries(join(folder, 'none'), ['abc'])).toEqual({ entries: [], notes: [] });
});
