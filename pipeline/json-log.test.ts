import { spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { expect, it } from 'vitest';

const entry = JSON.stringify(new URL('json-log.ts', import.meta.url).href);

/** A program that logs, waits, logs again, and says on standard error that it is still there. */
const program = `
  import { createJsonLog } from ${entry};
  import { setTimeout } from 'node:timers/promises';
  const log = createJsonLog('program');
  for (const line of ['one', 'two', 'three']) {
    log.info({ line }, 'A line.');
    await setTimeout(20);
  }
  console.error('alive');
`;

function run(stdout: 'pipe' | number) {
  const args = ['--input-type=module', '--eval', program];
  return spawnSync(process.execPath, args, {
    stdio: ['ignore', stdout, 'pipe'],
    encoding: 'utf8',
    timeout: 50_000,
  });
}

it('writes a line of JSON for each message', () => {
  const { stdout, status } = run('pipe');
  const lines = stdout.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).line)).toEqual(['one', 'two', 'three']);
  expect(status).toBe(0);
});

it('does not end its program when there is no room for a line', () => {
  // Every write to it fails with ENOSPC.
  const { stderr, status } = run(openSync('/dev/full', 'w'));
  expect(stderr).toContain('alive');
  expect(status).toBe(0);
});
