import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

const program = fileURLToPath(new URL('./testing/one-session.ts', import.meta.url));

it('a session leaves no identifier of the machine and no file, since onnxruntime tells nobody of it', async () => {
  const home = await mkdtemp(join(tmpdir(), 'spillway-session-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  // What begins to tell makes these files at once. The name CI would keep it from that.
  await promisify(execFile)(process.execPath, [program], { env: { HOME: home, TMPDIR: home } });
  expect(await readdir(home)).toEqual([]);
});
