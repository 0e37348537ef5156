import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

test('npx prints nothing of its own before the output', async () => {
  const { stdout, stderr } = await promisify(execFile)('npx', ['spillway', '--version'], { cwd: root });
  expect(stdout).toMatch(/^spillway\/\d/);
  expect(stderr).toBe('');
});
