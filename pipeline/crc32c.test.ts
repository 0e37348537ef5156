import { CRC32C } from '@google-cloud/storage';
import { expect, it } from 'vitest';
import { crc32cOf, openCrc32c } from './crc32c.ts';

const bytes = Buffer.from(Array.from({ length: 100_003 }, (_, index) => (index * 7) % 251));

it('gives the check value of its definition', () => {
  expect(Buffer.from(crc32cOf(Buffer.from('123456789')), 'base64').toString('hex')).toBe('e3069283');
  expect(crc32cOf(Buffer.alloc(0))).toBe('AAAAAA==');
});

it('agrees with Google’s client, whole and in pieces, however they overlap in time', async () => {
  const client = new CRC32C();
  client.update(bytes);
  const inPieces = [await openCrc32c(), await openCrc32c()];
  for (const piece of [bytes.subarray(0, 7), bytes.subarray(7, 50_000), bytes.subarray(50_000)]) {
    for (const checksum of inPieces) checksum.update(piece);
    expect(crc32cOf(bytes)).toBe(client.toString());
  }
  expect(inPieces.map((checksum) => checksum.base64())).toEqual([client.toString(), client.toString()]);
});
