import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@spillway/pipeline/memory/ports.ts';
import { manualClock } from '@spillway/pipeline/testing/manual-clock.ts';
import { expect, it, onTestFinished } from 'vitest';
import { createOwnOffers } from './own-offers.ts';

it('names the operations, and the models that are installed, once a minute', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-offers-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const clock = manualClock();
  const offers = createOwnOffers({ folder, source: 'none' }, clock, silentLog);
  await expect.poll(offers).toMatchObject({ models: [], fetches: false });
  expect(offers()?.operations).toContain('sketch');

  await mkdir(join(folder, 'u2netp'));
  await writeFile(join(folder, 'u2netp', 'u2netp.onnx'), 'weights');
  const files = [{ name: 'u2netp.onnx', bytes: 7, sha256: 'a'.repeat(64) }];
  const receipt = { name: 'u2netp', source: 'test', installedAt: '2026-01-01T00:00:00Z', files };
  await writeFile(join(folder, 'u2netp', 'installed.json'), JSON.stringify(receipt));
  clock.advance(60_000);
  await expect.poll(() => offers()?.models).toEqual(['u2netp']);

  const fetching = createOwnOffers({ folder, source: 'public' }, clock, silentLog);
  await expect.poll(() => fetching()?.fetches).toBe(true);
});
