import { expect, it } from 'vitest';
import { indexReach, packPictures, readIndex } from './packed-pictures.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
const pictures = {
  thumbnails: [
    { of: 'result' as const, width: 320, height: 240, bytes: bytes(1, 2, 3) },
    { of: 'source' as const, width: 640, height: 480, bytes: bytes(4, 5) },
  ],
  mask: { width: 64, height: 48, bytes: bytes(6) },
};

it('says where each picture is, and reads that again out of the end of the object', () => {
  const { bytes: all, index } = packPictures(pictures);
  expect(index).toEqual({
    parts: [
      { of: 'result', width: 320, height: 240, offset: 0, size: 3 },
      { of: 'source', width: 640, height: 480, offset: 3, size: 2 },
    ],
    mask: { width: 64, height: 48, offset: 5, size: 1 },
  });
  expect([...all.subarray(0, 6)]).toEqual([1, 2, 3, 4, 5, 6]);
  expect(readIndex(all, all.length)).toEqual(index);
  expect(readIndex(all.subarray(6), all.length)).toEqual(index);
});

it('finds the index of large pictures within its reach', () => {
  const large = new Uint8Array(100_000);
  const { thumbnails, mask } = pictures;
  const many = [...thumbnails, ...thumbnails].map((each) => ({ ...each, bytes: large }));
  const { bytes: all, index } = packPictures({ thumbnails: many, mask });
  expect(readIndex(all.subarray(-indexReach), all.length)).toEqual(index);
});

it.each([
  ['nothing', bytes()],
  ['three bytes', bytes(1, 2, 3)],
  ['a length beyond its beginning', bytes(1, 2, 3, 255, 0, 0, 0)],
  ['what is no JSON', bytes(65, 66, 2, 0, 0, 0)],
  ['an index of something else', bytes(123, 125, 2, 0, 0, 0)],
])('reads nothing out of %s', (_, end) => {
  expect(readIndex(end, end.length)).toBeNull();
});

it('reads nothing out of an index that names bytes beyond the pictures', () => {
  const { bytes: all } = packPictures(pictures);
  expect(readIndex(all.subarray(3), all.length - 3)).toBeNull();
});
