import { expect, test } from 'vitest';
import { isResultName, resultPath, resultStems } from './output-path.ts';

test('a result lies beside its input, in the folder that is named, or exactly where it is told', async () => {
  expect(await resultPath('in/photo.jpg', 'sketch', 'png', null)).toBe('in/photo.sketch.png');
  expect(await resultPath('in/photo.jpg', 'sketch', 'png', 'out/')).toBe('out/photo.sketch.png');
  expect(await resultPath('in/photo.jpg', 'sketch', 'png', '/tmp')).toBe('/tmp/photo.sketch.png');
  expect(await resultPath('in/photo.jpg', 'sketch', 'png', 'out/drawing.png')).toBe('out/drawing.png');
});

test('two inputs that differ in their extension alone have two results', () => {
  const stems = resultStems(['a.jpg', 'a.png', 'b.jpg'], 'sketch');
  expect(stems).toEqual(['a.jpg.sketch', 'a.png.sketch', 'b.sketch']);
});

test('results are told from pictures', () => {
  expect(isResultName('a.sketch.png')).toBe(true);
  expect(isResultName('a.jpg.remove-background.webp')).toBe(true);
  expect(isResultName('a.png')).toBe(false);
  expect(isResultName('sketch.png')).toBe(false);
});
