import { expect, it } from 'vitest';
import { fieldsOf } from './fields.ts';
import { changesIn, choiceLabel, summaryOf } from './option-words.ts';

const fields = fieldsOf('remove-background');

it('sums up what is chosen, and of the rare options only what was changed', () => {
  expect(summaryOf(fields, {})).toBe('Cut-out · transparent · PNG');
  const changed = { output: 'mask', cleanMask: true, background: '#ff0000', model: 'u2net_human_seg' };
  expect(summaryOf(fields, changed)).toBe('u2net_human_seg · Mask · clean mask · #ff0000 · PNG');
  expect(summaryOf(fieldsOf('caption'), { prompt: 'a drawing of', minLength: 5 })).toBe(
    '“a drawing of” · beams 3',
  );
});

it('counts changes', () => {
  expect(changesIn(fields, { model: 'auto' })).toBe('');
  expect(changesIn(fields, { model: 'u2net', edges: 'premultiplied' })).toBe('2 changed');
});

it.each([
  ['auto', 'Auto'],
  ['built-in', 'Built-in demo model'],
  ['silueta', 'silueta'],
  ['bria-rmbg', 'bria-rmbg (not for commercial use)'],
  ['cutout', 'Cut-out'],
  ['png', 'PNG'],
  ['premultiplied', 'Premultiplied'],
])('calls %s %s', (choice, label) => expect(choiceLabel(choice)).toBe(label));
