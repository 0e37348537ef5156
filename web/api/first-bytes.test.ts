import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { firstBytes } from './first-bytes.ts';

test('the first bytes of a stream are read once, and are part of all of it', async () => {
  const source = new PassThrough();
  source.write('first ');
  const { start, ended, stream } = await firstBytes(source, 3);
  expect([String(start), ended]).toEqual(['first ', false]);
  source.end('and last');
  expect(String(await buffer(stream))).toBe('first and last');
});

test('a reader who goes away ends the source, which may have nothing more to give', async () => {
  const source = new PassThrough();
  source.write('first');
  const { stream } = await firstBytes(source, 3);
  stream.destroy();
  expect(source.destroyed).toBe(true);
});

test('a failure after the first bytes reaches the reader', async () => {
  const source = new PassThrough();
  source.write('first');
  const { stream } = await firstBytes(source, 3);
  source.destroy(new Error('The bucket hung up.'));
  await expect(buffer(stream)).rejects.toThrow('The bucket hung up.');
});
