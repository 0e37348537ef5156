import { expect, it } from 'vitest';
import { createSelection } from './selection.ts';

it('keeps the order of the operations, whatever the order of choosing', () => {
  const selection = createSelection();
  expect(selection.chosen.value).toEqual(['sketch']);
  selection.toggle('caption', true);
  selection.toggle('remove-background', true);
  expect(selection.chosen.value).toEqual(['sketch', 'remove-background', 'caption']);
});

it('lets nothing be sent while an option is wrong, and keeps what was set over a change of mind', () => {
  const selection = createSelection();
  selection.toggle('caption', true);
  selection.setOption('caption', 'minLength', 30);
  expect(selection.obstacle.value).toBe('Nothing was sent. Caption: min length must not exceed max length.');
  selection.toggle('caption', false);
  expect(selection.obstacle.value).toBeNull();
  selection.toggle('caption', true);
  expect(selection.problems.value.caption).toHaveProperty('minLength');
  selection.setOption('caption', 'maxLength', 40);
  expect(selection.obstacle.value).toBeNull();
  expect(selection.options.value.caption).toEqual({ minLength: 30, maxLength: 40 });
});

it('wants something to be chosen', () => {
  const selection = createSelection();
  selection.toggle('sketch', false);
  expect(selection.obstacle.value).toBe('Choose what to make first.');
});

/** What a browser keeps, as far as it is used. */
function createStorage(kept: Record<string, string> = {}) {
  return {
    kept,
    getItem: (key: string) => kept[key] ?? null,
    setItem(key: string, value: string) {
      kept[key] = value;
    },
  } as unknown as Storage;
}

it('is at the next visit what it was at this one', () => {
  const storage = createStorage();
  const first = createSelection();
  const end = first.remember(storage);
  first.toggle('sketch', false);
  first.toggle('caption', true);
  first.setOption('caption', 'beams', 5);
  end();
  first.setOption('caption', 'beams', 7);

  const second = createSelection();
  second.remember(storage);
  expect(second.chosen.value).toEqual(['caption']);
  expect(second.options.value.caption).toEqual({ beams: 5 });
});

it('keeps no option that is as the operation has it anyway', () => {
  const selection = createSelection();
  selection.setOption('sketch', 'blur', 9);
  selection.setOption('sketch', 'format', 'png');
  expect(selection.options.value.sketch).toEqual({ blur: 9 });
  selection.setOption('sketch', 'blur', 21);
  expect(selection.options.value.sketch).toEqual({});
  selection.setOption('sketch', 'blur', 5);
  selection.reset('sketch');
  expect(selection.options.value.sketch).toEqual({});
});

it.each([
  ['no JSON', '{'],
  ['something else', '{"chosen":7}'],
  ['nothing that is known', '{"chosen":[],"options":{}}'],
])('begins as it does for everybody where the browser has kept %s', (_, kept) => {
  const selection = createSelection();
  selection.remember(createStorage({ 'spillway-choices': kept }));
  expect(selection.chosen.value).toEqual(['sketch']);
});

it('leaves out options that another version of the page took, and waits for operations that it does not know', () => {
  const kept = JSON.stringify({
    chosen: ['sketch', 'not-yet-known'],
    options: { sketch: { blur: 4 }, caption: { beams: 2 }, 'not-yet-known': { side: 3 } },
  });
  const storage = createStorage({ 'spillway-choices': kept });
  const selection = createSelection();
  selection.remember(storage);
  expect(selection.options.value).toEqual({ caption: { beams: 2 } });
  selection.setOption('caption', 'beams', 3);
  expect(JSON.parse(storage.getItem('spillway-choices') ?? '')).toEqual({
    chosen: ['sketch', 'not-yet-known'],
    options: { caption: {}, 'not-yet-known': { side: 3 } },
  });
});
