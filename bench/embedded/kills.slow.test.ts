import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { drawPhoto } from '../photos.ts';
import { kill } from './kills.ts';
import { startProduct } from './product.ts';

it('a machine whose processes are killed again and again loses no upload, and does none twice', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-kills-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'small.jpg');
  await drawPhoto(64, 64, 3, path);
  const product = await startProduct('serve');
  onTestFinished(() => product.stop());
  const kills = await kill(product, {
    seconds: 30,
    everyMs: 2_500,
    uploadEveryMs: 250,
    name: 'no-op/killed',
    bytes: await readFile(path),
    seed: 14,
  });
  expect(kills).toMatchObject({ lost: [], doubled: [], problems: [] });
  // Each kind at least once: else this would show nothing.
  expect(Object.keys(kills.killed).sort()).toEqual(['child', 'router', 'site', 'storage', 'worker']);
  expect(kills.uploads).toBeGreaterThan(20);
});
