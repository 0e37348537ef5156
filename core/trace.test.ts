import { expect, it } from 'vitest';
import { formatTrace, parseTrace, readTrace, traceOfObject } from './trace.ts';

const trace = '0af7651916cd43dd8448eb211c80319c';
const span = 'b7ad6b7169203331';

it('reads what the standard allows', () => {
  const header = `00-${trace}-${span}-01`;
  expect(readTrace(header)).toBe(header);
  expect(parseTrace(header)).toEqual({ traceId: trace, spanId: span, sampled: true });
  expect(parseTrace(`00-${trace}-${span}-00`)).toMatchObject({ sampled: false });
  // A later version may have other flags beside the first.
  expect(parseTrace(`01-${trace}-${span}-03`)).toMatchObject({ sampled: true });
  expect(formatTrace({ traceId: trace, spanId: span, sampled: true })).toBe(header);
});

it.each([
  undefined,
  7,
  '',
  'not a trace',
  `00-${trace}-${span}`,
  `00-${trace.toUpperCase()}-${span}-01`,
  `ff-${trace}-${span}-01`,
  `00-${'0'.repeat(32)}-${span}-01`,
  `00-${trace}-${'0'.repeat(16)}-01`,
])('%j is no trace', (header) => {
  expect(readTrace(header)).toBeNull();
});

it('a repeated event of an object has the same trace, and each generation its own', () => {
  const object = { bucket: 'uploads', name: 'a.jpg', generation: '1' };
  const ids = traceOfObject(object);
  expect(traceOfObject({ ...object })).toEqual(ids);
  expect(readTrace(formatTrace({ ...ids, sampled: true }))).not.toBeNull();
  expect(traceOfObject({ ...object, generation: '2' }).traceId).not.toBe(ids.traceId);
});
