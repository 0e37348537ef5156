import { defaultRoutingSettings } from '@spillway/core/settings.ts';
import { createAdmin, createTestApi } from '@spillway/web/api/test-client.ts';
import { afterEach, expect, it, vi } from 'vitest';
import { createSettingsEditor } from './settings-editor.ts';

afterEach(() => void vi.unstubAllGlobals());

/** Editors of two admins, before the real API. */
async function createEditors() {
  const site = createTestApi();
  const admin = await createAdmin(site);
  const requests: string[] = [];
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    requests.push(`${init.method} ${path}`);
    site.clock.advance(1_000);
    return admin.request(path, init);
  });
  const [mine, theirs] = [createSettingsEditor(), createSettingsEditor()];
  await mine.load();
  await theirs.load();
  return { ...site, mine, theirs, requests };
}

it('saves what was edited, with what the form does not ask for', async () => {
  const { mine, ports, clock } = await createEditors();
  expect(mine.edited.value).toBe(false);
  mine.set('run.maxInstances', '3');
  mine.set('policy', 'threshold');
  mine.addOwner();
  mine.setOwner(0, { owner: 'camera', weight: '2' });
  mine.addOwner();
  mine.removeOwner(1);
  expect(mine.edited.value).toBe(true);
  expect(await mine.save()).toBe(true);
  expect(await ports.settings.routing()).toEqual({
    ...defaultRoutingSettings,
    policy: 'threshold',
    run: { ...defaultRoutingSettings.run, maxInstances: 3 },
    shares: { default: 1, owners: { camera: 2 } },
  });
  expect(mine.edited.value).toBe(false);
  expect(mine.view.value?.change).toEqual({ updatedBy: 'token', updatedAt: clock.now() });
  expect(mine.note.value).toMatchObject({ kind: 'done' });
  mine.set('run.maxInstances', '4');
  expect(mine.note.value).toBeNull();
});

it('sends nothing while a field is not valid', async () => {
  const { mine, requests } = await createEditors();
  mine.set('threshold.cpu', '700');
  expect(mine.problems.value).toEqual({ 'threshold.cpu': 'Must be at most 100.' });
  requests.length = 0;
  expect(await mine.save()).toBe(false);
  expect([requests, mine.note.value?.kind]).toEqual([[], 'problem']);
  mine.discard();
  expect([mine.edited.value, mine.problems.value, mine.note.value]).toEqual([false, {}, null]);
});

it('does not overwrite what another admin has saved, and carries the own edits over', async () => {
  const { mine, theirs, ports } = await createEditors();
  mine.set('run.maxInstances', '3');
  mine.set('run.mostDollarsPerHour', '2');
  theirs.set('run.maxInstances', '7');
  theirs.set('confidence', '0.84');
  await theirs.save();

  expect(await mine.save()).toBe(false);
  expect((await ports.settings.routing()).run.maxInstances).toBe(7);
  expect(mine.note.value?.text).toMatch(
    /changed by somebody with the admin token .* both changed: Most instances\. .*not saved/,
  );
  expect(mine.draft.value?.values).toMatchObject({ 'run.maxInstances': '3', confidence: '0.84' });

  expect(await mine.save()).toBe(true);
  expect(await ports.settings.routing()).toMatchObject({
    confidence: 0.84,
    run: { maxInstances: 3, mostDollarsPerHour: 2 },
  });
});

it('hears of a change while the form is open, and follows it at once where nothing was edited', async () => {
  const { mine, theirs, requests } = await createEditors();
  theirs.set('bulk.batchOver', '5');
  await theirs.save();
  const change = theirs.view.value?.change ?? null;
  await mine.heardOf(change);
  expect([mine.draft.value?.values['bulk.batchOver'], mine.note.value]).toEqual(['5', null]);

  mine.set('confidence', '2.33');
  requests.length = 0;
  await mine.heardOf(change);
  expect(requests).toEqual([]);
  theirs.set('bulk.batchOver', '6');
  await theirs.save();
  await mine.heardOf(theirs.view.value?.change ?? null);
  expect(mine.draft.value?.values).toMatchObject({ 'bulk.batchOver': '6', confidence: '2.33' });
  expect(mine.note.value).toMatchObject({ kind: 'problem' });
  mine.set('confidence', '2');
  expect(mine.note.value).not.toBeNull();
});

it('keeps what was typed while the answer was on its way', async () => {
  const { mine } = await createEditors();
  mine.set('run.maxInstances', '3');
  const saving = mine.save();
  mine.set('bulk.batchOver', '9');
  await saving;
  expect(mine.draft.value?.values).toMatchObject({ 'run.maxInstances': '3', 'bulk.batchOver': '9' });
  expect(mine.edited.value).toBe(true);
});

it('saves the last good settings in place of a document that is not valid', async () => {
  const { mine, ports, requests } = await createEditors();
  requests.length = 0;
  expect([mine.savable.value, await mine.save(), requests]).toEqual([false, false, []]);
  vi.spyOn(ports.settings, 'readRouting').mockResolvedValueOnce({
    ...(await ports.settings.readRouting()),
    problem: 'run: is a word',
  });
  await mine.load();
  expect([mine.edited.value, mine.savable.value]).toEqual([false, true]);
  expect(await mine.save()).toBe(true);
  expect(mine.view.value).toMatchObject({ problem: null, change: { updatedBy: 'token' } });
});

it('says why nothing was saved', async () => {
  const { mine } = await createEditors();
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('offline')));
  mine.set('confidence', '0');
  expect(await mine.save()).toBe(false);
  expect(mine.note.value?.text).toBe('Nothing was saved. The server could not be reached.');
  expect([mine.edited.value, mine.saving.value]).toEqual([true, false]);
});
