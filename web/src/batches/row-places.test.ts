import { expect, it } from 'vitest';
import { placeRows, rowsIn } from './row-places.ts';

const places = placeRows([100, 300, 300, 100, 300]);

it('puts each row below the one before', () => {
  expect(places).toEqual({ tops: [0, 100, 400, 700, 800], height: 1_100 });
});

it.each([
  [0, 50, 0, 0],
  [-200, 0, 0, 0],
  [99, 100, 0, 1],
  [399, 401, 1, 2],
  [500, 900, 2, 4],
  [1_050, 2_000, 4, 4],
])('finds the rows from %i to %i', (from, to, first, last) => {
  expect(rowsIn(places, from, to)).toEqual({ first, last });
});

it('finds none where there are none', () => {
  expect(placeRows([])).toEqual({ tops: [], height: 0 });
  expect(rowsIn(placeRows([]), 0, 1_000)).toEqual({ first: -1, last: -1 });
});
