import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type PartsFile, withParts } from './parts-file.ts';

const parts = (router: PartsFile['parts'][string]['state']) => ({
  at: new Date(),
  pid: 1,
  version: '1.0.0',
  site: 'http://127.0.0.1:4321',
  storage: 'http://127.0.0.1:9199',
  refusal: null,
  parts: {
    site: { pid: 2, startedAt: '1', state: 'running' },
    router: { pid: null, startedAt: null, state: router },
  },
});

it.each([
  ['running', { status: 'ready' }],
  ['restarting', { status: 'ready' }],
  ['failing', { status: 'failing', detail: 'keeps ending and is started again: router' }],
] as const)('a site is as well as the machine whose router is %s', async (state, report) => {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-parts-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'parts.json');
  await writeFile(file, JSON.stringify(parts(state)));
  expect(await withParts({ status: 'ready' }, file)).toEqual(report);
  expect(await withParts({ status: 'starting' }, file)).toEqual({ status: 'starting' });
  expect(await withParts({ status: 'ready' }, undefined)).toEqual({ status: 'ready' });
  expect(await withParts({ status: 'ready' }, join(folder, 'none.json'))).toEqual({ status: 'ready' });
});
