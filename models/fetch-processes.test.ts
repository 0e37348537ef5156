import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { bytes } from '../storage-server/test-server.ts';
import { installModel } from './fetch.ts';
import { openLibrary } from './library.ts';
import { entryAt, neverQuantise, sumOf } from './testing/entries.ts';
import { serveFile } from './testing/file-server.ts';

const content = bytes(400_000);
const sha256 = sumOf(content);
const script = fileURLToPath(new URL('testing/install-child.ts', import.meta.url));

interface Step {
  stage: string;
  done?: number;
}

/** A process of its own that installs, and its steps as it prints them. */
function startInstaller(url: string, folder: string): { child: ChildProcess; steps: AsyncIterator<string> } {
  const child = spawn(process.execPath, [script, url, folder, sha256], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, steps: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

async function stepThat(steps: AsyncIterator<string>, matches: (step: Step) => boolean): Promise<Step> {
  for (;;) {
    const { value, done } = await steps.next();
    if (done) throw new Error('The installer ended before that step.');
    const step: Step = JSON.parse(value);
    if (matches(step)) return step;
  }
}

async function modelFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-models-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('what a killed process had fetched is not loaded, and is continued', async () => {
  const server = await serveFile(content);
  server.troubles.push({ holdAfter: 150_000 });
  const folder = await modelFolder();
  const { child, steps } = startInstaller(server.url, folder);
  await stepThat(steps, ({ done = 0 }) => done >= 150_000);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await expect(openLibrary(folder).saliency('u2netp')).rejects.toMatchObject({ code: 'model_missing' });

  const options = { folder, source: 'public', quantise: neverQuantise, pauses: [] };
  await installModel(entryAt(server.url, { sha256 }), options);
  expect(server.ranges).toEqual([null, 'bytes=150000-']);
  expect(await readFile(join(folder, 'u2netp', 'u2netp.onnx'))).toEqual(content);
});

test('of two processes one fetches, and the other reports its progress', async () => {
  const server = await serveFile(content);
  server.troubles.push({ holdAfter: 150_000 });
  const folder = await modelFolder();
  const first = startInstaller(server.url, folder);
  await stepThat(first.steps, ({ done = 0 }) => done >= 150_000);
  const second = startInstaller(server.url, folder);
  const seen = await stepThat(second.steps, ({ stage, done = 0 }) => stage === 'waiting' && done > 0);
  expect(seen).toEqual({ stage: 'waiting', done: 150_000, total: content.length });
  server.letGo();
  await stepThat(first.steps, ({ stage }) => stage === 'installed');
  await stepThat(second.steps, ({ stage }) => stage === 'installed');
  expect(server.ranges).toEqual([null]);
});

test('when the first of two dies, the second takes over where it was', async () => {
  const server = await serveFile(content);
  server.troubles.push({ holdAfter: 150_000 });
  const folder = await modelFolder();
  const first = startInstaller(server.url, folder);
  await stepThat(first.steps, ({ done = 0 }) => done >= 150_000);
  const second = startInstaller(server.url, folder);
  await stepThat(second.steps, ({ stage }) => stage === 'waiting');
  first.child.kill('SIGKILL');
  await stepThat(second.steps, ({ stage }) => stage === 'installed');
  expect(server.ranges).toEqual([null, 'bytes=150000-']);
});
