import { expect, test } from 'vitest';
import { readOptionValues } from './option-values.ts';
import { UsageError } from './usage-error.ts';

test('values take the type of their option, and the others their defaults', () => {
  expect(readOptionValues('sketch', ['blur=9'])).toEqual({ blur: 9, format: 'png' });
  const cutOut = readOptionValues('remove-background', [
    'cleanMask=true',
    'background=#ffffff',
    'format=webp',
  ]);
  expect(cutOut).toMatchObject({ cleanMask: true, background: '#ffffff', format: 'webp', model: 'auto' });
  const caption = readOptionValues('caption', ['prompt=a=b, 12', 'repetitionPenalty=1.5', 'beams=1']);
  expect(caption).toMatchObject({ prompt: 'a=b, 12', repetitionPenalty: 1.5, beams: 1 });
  expect(readOptionValues('caption', ['prompt='])).toMatchObject({ prompt: '' });
});

test.for([
  ['blur', 'wants name=value'],
  ['=5', 'wants name=value'],
  ['blurr=5', 'has no option named "blurr"; it has blur, format'],
  ['toString=5', 'has no option named'],
  ['blur=4', 'blur: must be odd'],
  ['blur=101', 'blur: '],
  ['blur=', 'blur: '],
  ['blur=many', 'blur: '],
  ['blur=9.5', 'blur: '],
  ['format=bmp', 'format: '],
  ['format=\u{fffd}', 'no UTF-8 text'],
])('%s is refused in one sentence', ([typed = '', words = '']) => {
  const read = () => readOptionValues('sketch', [typed]);
  expect(read).toThrow(UsageError);
  expect(read).toThrow(words);
});

test('true and false are the words for a switch, and a rule over two options is checked', () => {
  expect(() => readOptionValues('remove-background', ['cleanMask=yes'])).toThrow('cleanMask');
  expect(() => readOptionValues('caption', ['minLength=30', 'maxLength=10'])).toThrow(
    'must not exceed maxLength',
  );
});
