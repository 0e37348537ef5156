import { OutageError } from '@spillway/core/errors.ts';
import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { sampleWorker } from '@spillway/core/testing/sample-worker.ts';
import { expect, test, vi } from 'vitest';
import { operationListSchema } from './schema.ts';
import { createBrowser, createTestApi } from './test-client.ts';

const offers = { operations: ['sketch', 'remove-background'], models: ['u2net'], fetches: false };

/** What the page learns where Cloud Run starts no instances. */
async function createSite(run: object = { enabled: false }) {
  const site = createTestApi();
  await site.ports.settings.changeRouting(routingSettingsSchema.parse({ run }), 'test');
  const read = vi.spyOn(site.memory.fleet, 'read');
  const browser = createBrowser(site);
  const offered = async () => {
    const response = await browser.request('/api/v1/operations');
    return operationListSchema.parse(await response.json()).offers;
  };
  const beat = (changes: Parameters<typeof sampleWorker>[0] = {}) => {
    const { ageMs: _, ...heartbeat } = sampleWorker({ offers, ...changes });
    return site.ports.fleet.beat(heartbeat);
  };
  return { ...site, read, offered, beat };
}

test('offers what a living worker can do', async () => {
  const { offered, beat, clock } = await createSite();
  expect((await offered()).sketch).toEqual({ available: false, models: null });
  await beat();
  clock.advance(10_000);
  expect(await offered()).toEqual({
    sketch: { available: true, models: null },
    'remove-background': { available: true, models: ['auto', 'built-in', 'u2net'] },
    caption: { available: false, models: ['auto', 'built-in'] },
  });
  // It falls silent.
  clock.advance(61_000);
  expect((await offered()).sketch?.available).toBe(false);
  await beat({ state: 'stopped' });
  clock.advance(10_000);
  expect((await offered()).sketch?.available).toBe(false);
});

test('offers what an instance of Cloud Run could do that is not there yet', async () => {
  const { offered } = await createSite({
    enabled: true,
    maxInstances: 3,
    models: ['blip-image-captioning-base'],
  });
  expect((await offered()).caption).toEqual({
    available: true,
    models: ['auto', 'built-in', 'blip-image-captioning-base'],
  });
});

test('reads the fleet once for 200 pages', async () => {
  const { offered, read, clock } = await createSite();
  await Promise.all(Array.from({ length: 200 }, offered));
  expect(read).toHaveBeenCalledOnce();
  clock.advance(10_000);
  await offered();
  expect(read).toHaveBeenCalledTimes(2);
});

test('greys nothing where the database does not answer', async () => {
  const { offered, read } = await createSite();
  read.mockRejectedValue(new OutageError('Firestore did not answer.'));
  expect(await offered()).toEqual({});
});
