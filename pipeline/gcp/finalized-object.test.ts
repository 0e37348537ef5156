import { expect, it } from 'vitest';
import { objectResourceSchema } from './finalized-object.ts';

const object = {
  bucket: 'uploads',
  name: 'sketch/1.jpg',
  generation: '1',
  size: '3',
  timeCreated: '2026-01-01T12:00:00Z',
};

it('an object of Cloud Storage is read, its numbers sent as text or not', () => {
  const read = { ...object, size: 3, timeCreated: new Date(object.timeCreated) };
  expect(objectResourceSchema.parse(object)).toEqual(read);
  expect(objectResourceSchema.parse({ ...object, generation: 1, size: 3 })).toEqual(read);
});

it.each([
  ['a generation of no 64 bits', { generation: '1'.repeat(1_500) }],
  ['a generation that is no number', { generation: 'v1' }],
  ['a generation in a list', { generation: ['1'] }],
  ['a time that no database holds', { timeCreated: '+010000-01-01T00:00:00Z' }],
  ['a bucket that cannot be named', { bucket: 'b'.repeat(300) }],
  ['metadata that is no text', { metadata: { batch: 3 } }],
  ['no size', { size: null }],
  ['an empty size', { size: '' }],
  ['half a byte', { size: '1.5' }],
  ['a size in hexadecimal', { size: '0x10' }],
  ['an endless size', { size: '1e999' }],
  ['no time', { timeCreated: null }],
  ['a time that is a yes', { timeCreated: true }],
  ['a time that is a number', { timeCreated: '1' }],
])('an object is not read where it has %s', (_, changes) => {
  expect(objectResourceSchema.safeParse({ ...object, ...changes }).success).toBe(false);
});
