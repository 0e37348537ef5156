import { expect, it } from 'vitest';
import { csvLine } from './csv.ts';

it('writes a line that every reader of CSV takes apart in the same way', () => {
  expect(csvLine(['a', 1, true, null, undefined, new Date(0)])).toBe(
    'a,1,true,,,1970-01-01T00:00:00.000Z\r\n',
  );
  expect(csvLine(['a,b', 'he said "no"', 'two\nlines'])).toBe('"a,b","he said ""no""","two\nlines"\r\n');
});

it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1+1'])(
  'makes no formula of the text %j',
  (text) => {
    expect(csvLine([text]).replaceAll('"', '').startsWith(`'${text}`)).toBe(true);
  },
);

it('leaves negative numbers as they are', () => {
  expect(csvLine([-1.5])).toBe('-1.5\r\n');
});
