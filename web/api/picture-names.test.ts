import { expect, test } from 'vitest';
import { createUniqueNames, safeName } from './picture-names.ts';

test('gives each name once, whatever its case and however its accents are written', () => {
  const unique = createUniqueNames();
  expect(['cat', 'Cat', 'cat (2)', 'cat', 'caf\u00e9', 'cafe\u0301'].map(unique)).toEqual([
    'cat',
    'Cat (2)',
    'cat (2) (2)',
    'cat (3)',
    'caf\u00e9',
    'cafe\u0301 (2)',
  ]);
});

test('looks at each of many equal names once, so that an archive of them holds up nobody', () => {
  const unique = createUniqueNames();
  let looked = 0;
  const normalize = String.prototype.normalize;
  String.prototype.normalize = function (form) {
    looked++;
    return normalize.call(this, form);
  };
  try {
    for (let name = 1; name <= 2_000; name++) unique('image');
  } finally {
    String.prototype.normalize = normalize;
  }
  expect(unique('image')).toBe('image (2001)');
  expect(looked).toBeLessThan(10 * 2_000);
});

test('makes a name that unpacks into a folder and nowhere else', () => {
  expect(['..', '../../etc/passwd', 'a\\b', 'C:x', 'con', 'end. .', ''].map(safeName)).toEqual([
    '_',
    '.._.._etc_passwd',
    'a_b',
    'C_x',
    '_con',
    'end',
    '_',
  ]);
});

test('leaves room in a long name for what was made of the picture', () => {
  const name = safeName('写真'.repeat(150));
  expect(Buffer.byteLength(`${name}-remove-background (12).receipt.json`)).toBeLessThanOrEqual(255);
  expect(name.isWellFormed()).toBe(true);
  expect(safeName(`${'x'.repeat(178)}. .`)).toBe('x'.repeat(178));
});
