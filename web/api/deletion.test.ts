import { expect, test } from 'vitest';
import { deletionSchema } from './schema.ts';
import { createBrowser, createTestApi } from './test-client.ts';

test('GET /deletion says what becomes of the files, and asks the buckets once a minute', async () => {
  const api = createTestApi();
  const browser = createBrowser(api);
  const files = async () => {
    const response = await browser.request('/api/v1/deletion');
    return [response.status, deletionSchema.parse(await response.json()).files];
  };
  expect(await files()).toEqual([200, { kind: 'removed' }]);
  api.memory.blobs.deletion = async () => ({ kind: 'kept', forSeconds: 604_800 });
  expect(await files()).toEqual([200, { kind: 'removed' }]);
  api.clock.advance(60_000);
  expect(await files()).toEqual([200, { kind: 'kept', forSeconds: 604_800 }]);
});
