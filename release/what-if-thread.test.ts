import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { writeBundle } from './bundle.ts';

it('the thread in which the site plays other settings is a file of its own, without native code or Google’s clients', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-thread-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const asking = fileURLToPath(new URL('../simulator/what-if/ask.ts', import.meta.url));
  const { files, packages } = await writeBundle({ main: asking }, folder);
  expect(files).toContain('thread.js');
  expect(packages).toContain('zod');
  const native = /^(sharp|onnxruntime|highs|@google-cloud|libheif|opencv)/;
  expect(packages.filter((name) => native.test(name))).toEqual([]);
});
