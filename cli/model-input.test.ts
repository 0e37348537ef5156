import { expect, test } from 'vitest';
import { readModelInput } from './model-input.ts';
import { UsageError } from './usage-error.ts';

test('a name, figures, or a name with figures that differ', () => {
  expect(readModelInput('isnet')).toEqual({ like: 'isnet' });
  expect(readModelInput('birefnet-general-lite')).toEqual({ like: 'birefnet-general-lite' });
  expect(readModelInput('side=1024,mean=0.5,std=1')).toEqual({ side: 1024, mean: 0.5, std: 1 });
  expect(readModelInput('isnet,side=512,output=logits')).toEqual({
    like: 'isnet',
    side: 512,
    output: 'logits',
  });
  expect(readModelInput('mean=0.485:0.456:0.406,std=0.229:0.224:0.225')).toEqual({
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  });
});

test.for([
  ['yolo', 'like must be one of u2net, '],
  ['side=1024', 'needs the name of a form, or both mean and std'],
  ['isnet,side=big', 'side'],
  ['isnet,side=1024.5', 'side'],
  ['isnet,std=0', 'std'],
  ['isnet,mean=1:2', 'mean'],
  ['isnet,sides=3', 'sides'],
  ['isnet,output=colours', 'output'],
  ['', 'like must be one of'],
])('%s is refused in one sentence', ([text = '', words = '']) => {
  expect(() => readModelInput(text)).toThrow(UsageError);
  expect(() => readModelInput(text)).toThrow(words);
});
