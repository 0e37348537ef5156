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
