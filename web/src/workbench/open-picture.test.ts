import { expect, it } from 'vitest';
import { addressOf, readAddress } from './open-picture.ts';

it.each([
  { picture: 'upload-1', result: null },
  { picture: 'upload-1', result: 'remove-background~job-2' },
  { picture: 'inbox/a cat #1 100%.jpg#17', result: 'sketch' },
])('%j is read from its own address', (opened) => {
  expect(readAddress(addressOf(opened))).toEqual(opened);
});

it.each(['', '#', '#results', '#/picture/', '#/picture/%E0%A4%A'])('%s opens no picture', (hash) => {
  expect(readAddress(hash)).toBeNull();
});
