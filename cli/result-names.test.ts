import { expect, test } from 'vitest';
import { earlierResults, resultStems } from './result-names.ts';

test('a result has the name of its input without the extension, where no other has', () => {
  expect(resultStems(['a.jpg', 'b/a.jpg', 'c.tar.png'])).toEqual(['a', 'b/a', 'c.tar']);
});

test.for([
  [
    ['cat.jpg', 'cat.png'],
    ['cat.jpg', 'cat.png'],
  ],
  [
    ['cat.jpg', 'cat.jpg.png', 'cat.png'],
    ['cat.jpg', 'cat.jpg.png', 'cat.png'],
  ],
  [
    ['a.jpg', 'a.jpg.png', 'a.jpg.png.webp', 'a.png'],
    ['a.jpg', 'a.jpg.png', 'a.jpg.png.webp', 'a.png'],
  ],
  [
    ['Cat.jpg', 'cat.png'],
    ['Cat.jpg', 'cat.png'],
  ],
  [
    ['Cat.jpg', 'cat.jpg'],
    ['Cat.jpg', 'cat.jpg-2'],
  ],
  [
    ['B/cat.jpg', 'b/cat.jpg'],
    ['B/cat.jpg', 'b/cat.jpg-2'],
  ],
  [
    ['\u00e9.jpg', 'e\u0301.jpg'],
    ['\u00e9.jpg', 'e\u0301.jpg-2'],
  ],
  [
    ['Cat.jpg', 'cat.jpg', 'cat.jpg-2.png'],
    ['Cat.jpg', 'cat.jpg-3', 'cat.jpg-2'],
  ],
])('no two of %j share a name', ([inputs = [], stems = []]) => {
  const names = resultStems(inputs);
  expect(names).toEqual(stems);
  expect(new Set(names.map((name) => name.normalize('NFC').toLowerCase())).size).toBe(inputs.length);
});

test('a name that leaves no room for more is shortened, and stays its own', () => {
  const long = (end: string): string => `${'ä'.repeat(120)}${end}.png`;
  const [first = '', second = ''] = resultStems([long('x'), long('y')]);
  for (const name of [first, second]) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
  expect(first).not.toBe(second);
});

test('a result is told from a picture by its source beside it', () => {
  const names = ['a.jpg', 'a.sketch.png', 'a.jpg.remove-background.webp', 'b.sketch.png', 'sketch.png'];
  expect([...earlierResults(names)]).toEqual(['a.sketch.png', 'a.jpg.remove-background.webp']);
  const numbered = ['Cat.jpg', 'cat.jpg', 'cat.jpg-2.sketch.png'];
  expect([...earlierResults(numbered)]).toEqual(['cat.jpg-2.sketch.png']);
});
