import { expect, test } from 'vitest';
import { plainArguments, printable, printableJson } from './arguments.ts';
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

test.for([
  ['a\u202egnp.exe', 'a\\u202egnp.exe'],
  ['a\u200bb\ufeffc', 'a\\u200bb\\ufeffc'],
  ['a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
  ['a\u200db', 'a\\u200db'],
  ['a\u{e0041}', 'a\\udb40\\udc41'],
])('what is not seen of %j is printed as an escape', ([text = '', shown]) => {
  expect(printable(text)).toBe(shown);
});

test.for(['👨‍👩‍👧.png', '🏳️‍🌈.png', '👩🏽‍🚀.png', 'naïve 日本語.png'])('%s is printed as it is', (name) => {
  expect(printable(name)).toBe(name);
});

test('JSON is printed without what a terminal may obey, and says the same', () => {
  const value = { name: 'a\u009b31m\u0085\u007f\u202e\u2028\u{e0041}', all: '👨‍👩‍👧 é' };
  const line = printableJson(value);
  expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(JSON.parse(line)).toEqual(value);
});
