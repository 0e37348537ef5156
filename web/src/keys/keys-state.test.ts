import { createAdmin, createTestApi } from '@spillway/web/api/test-client.ts';
import { afterEach, expect, it, vi } from 'vitest';
import { createKeysState, draftProblems, emptyDraft } from './keys-state.ts';

afterEach(() => void vi.unstubAllGlobals());

/** The panel's state before the real API. */
async function createKeys() {
  const site = createTestApi();
  const admin = await createAdmin(site);
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    site.clock.advance(1_000);
    return admin.request(path, init);
  });
  return { ...site, keys: createKeysState() };
}

it('makes keys, shows the newest first, and the text of the last until it is put away', async () => {
  const { keys, ports } = await createKeys();
  await keys.load();
  expect(keys.keys.value).toEqual([]);
  expect(await keys.make({ ...emptyDraft, name: 'First', owner: 'garden' })).toBe(true);
  expect(await keys.make({ ...emptyDraft, name: 'Second', owner: 'garden' })).toBe(true);
  expect(keys.keys.value?.map(({ name }) => name)).toEqual(['Second', 'First']);
  expect(keys.made.value?.text).toMatch(/^spw_/);
  keys.putAway();
  expect(keys.made.value).toBeNull();
  expect(await ports.apiKeys.list(10)).toHaveLength(2);
});

it('revokes a key, and keeps it on the list', async () => {
  const { keys } = await createKeys();
  await keys.make({ ...emptyDraft, name: 'Camera', owner: 'garden' });
  const id = keys.keys.value?.[0]?.id ?? '';
  await keys.revoke(id);
  expect(keys.keys.value).toMatchObject([{ id, revokedBy: 'token' }]);
  expect(keys.problem.value).toBeNull();
  await keys.revoke('0123456789abcdef');
  expect(keys.problem.value).toBe('There is no such API key.');
});

it('says what the server refuses, and makes nothing of it', async () => {
  const { keys } = await createKeys();
  expect(await keys.make({ ...emptyDraft, name: 'Camera', owner: 'a/b' })).toBe(false);
  expect(keys.problem.value).toContain('owner');
  expect(keys.made.value).toBeNull();
});

it('finds what is wrong with a draft, field by field', () => {
  expect(draftProblems({ ...emptyDraft, name: 'Camera', owner: 'garden' })).toEqual({});
  expect(Object.keys(draftProblems(emptyDraft)).sort()).toEqual(['name', 'owner']);
  const wrong = { name: ' ', owner: '_x', scopes: [], validDays: 0 };
  expect(Object.keys(draftProblems(wrong)).sort()).toEqual(['name', 'owner', 'scopes', 'validDays']);
});
