import { expect, it } from 'vitest';
import { differenceLines } from './difference-words.ts';

it.each([
  [['objectivesMs', 'sketch'], undefined, 30_000, 'none', '30 s'],
  [['run', 'enabled'], true, false, 'on', 'off'],
  [['run', 'models'], [], ['u2net', 'silueta'], 'none', 'u2net, silueta'],
  [['run', 'pause'], { why: 'The bill', until: null }, null, 'why: The bill, until: none', 'none'],
])('%j from %j to %j is said in words', (path, before, after, from, to) => {
  expect(differenceLines([{ path, before, after }])).toEqual([
    { path: path.join('.'), before: from, after: to },
  ]);
});
