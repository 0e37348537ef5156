import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mirrorCheckpoint } from '@spillway/models/testing/mirror.ts';
import { expect, test } from 'vitest';
import { emptyFolder, runCli } from './testing/run-cli.ts';

const name = 'blip-image-captioning-base';

test('fetch from a folder, list, verify; damage is told', async () => {
  const folder = await emptyFolder();
  const mirror = await emptyFolder();
  await mirrorCheckpoint(mirror);
  expect((await runCli(['models', 'verify', name], folder)).code).toBe(1);

  const fetched = await runCli(['models', 'fetch', name, '--from', mirror], folder);
  expect(fetched.code).toBe(0);
  expect(fetched.lines).toEqual([expect.stringContaining(`${name} is installed in ${folder}`)]);

  const list = await runCli(['models', 'list'], folder);
  expect(list.code).toBe(0);
  const rows = list.lines.map((line) => line.split(/ {2,}/));
  expect(rows.find((row) => row[0] === name)).toEqual([
    name,
    'caption',
    'installed',
    expect.stringMatching(/^\d\.\d MB$/),
    'BSD-3-Clause',
    expect.stringMatching(/^[0-9a-f]{64}$/),
  ]);
  expect(rows.find((row) => row[0] === 'u2netp')?.slice(2, 5)).toEqual(['-', '4.6 MB', 'Apache-2.0']);
  expect(rows.some((row) => row[0] === 'built-in-captioner')).toBe(true);
  expect(rows.find((row) => row[0] === 'bria-rmbg')?.[4]).toBe('CC-BY-NC-4.0 (not for commercial use)');

  expect((await runCli(['models', 'verify'], folder)).lines[0]).toBe(`${name}: sound`);
  await writeFile(join(folder, name, 'config.json'), 'other bytes');
  const damaged = await runCli(['models', 'verify'], folder);
  expect(damaged.code).toBe(1);
  expect(damaged.lines[0]).toContain('config.json has 11 bytes instead of ');
});

test('a wrong file, a closed source and a wrong name end with one sentence', {
  timeout: 60_000,
}, async () => {
  const folder = await emptyFolder();
  const mirror = await emptyFolder();
  await writeFile(join(mirror, 'u2netp.onnx'), 'another net');
  const wrong = await runCli(['models', 'fetch', 'u2netp', '--from', mirror], folder);
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toMatch(/SHA-256 is [0-9a-f]{64} and should be 309c8469/);
  expect(wrong.stderr.trim().split('\n')).toHaveLength(1);

  const closed = await runCli(['models', 'fetch', 'u2netp'], folder);
  expect(closed.code).toBe(1);
  expect(closed.stderr).toContain('SPILLWAY_MODELS_SOURCE is none');

  for (const args of [
    ['models', 'fetch'],
    ['models', 'fetch', 'u2nett'],
    ['models', 'frobnicate'],
  ]) {
    expect((await runCli(args, folder)).code).toBe(2);
  }
});
