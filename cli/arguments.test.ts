import { expect, test } from 'vitest';
import { plainArguments, printable } from './arguments.ts';
import { UsageError } from './usage-error.ts';

test('a dash means standard input and output, and what follows -- is a path', () => {
  expect(plainArguments(['process', 'sketch', '-', '--out', '-'])).toEqual([
    'process',
    'sketch',
    '/dev/stdin',
    '--out=/dev/stdout',
  ]);
  expect(plainArguments(['sketch', '--out=-', '--', '-x.png', 'y.png'])).toEqual([
    'sketch',
    '--out=/dev/stdout',
    './-x.png',
    'y.png',
  ]);
});

test('a path that looks like a number stays what it is, and a value that is missing stays missing', () => {
  expect(plainArguments(['--out', '007', '--model-file=1e3'])).toEqual(['--out=./007', '--model-file=./1e3']);
  expect(plainArguments(['--out', '--json'])).toEqual(['--out', '--json']);
});

test.for(['a\ud83d.png', '\udc00', 'a\0b'])('%j is refused', (text) => {
  expect(() => plainArguments(['process', 'sketch', text])).toThrow(UsageError);
});

test('a name is printed on one line', () => {
  expect(printable('a\nb\u001b[31m.png')).toBe('a\\u000ab\\u001b[31m.png');
});
