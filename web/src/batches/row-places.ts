/** Where rows of different heights lie, one below the other. Pixels from the first row's top. */
export interface RowPlaces {
  readonly tops: readonly number[];
  readonly height: number;
}

export function placeRows(heights: readonly number[]): RowPlaces {
  const tops: number[] = [];
  let height = 0;
  for (const each of heights) {
    tops.push(height);
    height += each;
  }
  return { tops, height };
}

/** The first and the last row that reach into a span; both -1 where there are no rows. */
export function rowsIn({ tops }: RowPlaces, from: number, to: number): { first: number; last: number } {
  return { first: Math.min(tops.length - 1, Math.max(0, rowAt(tops, from))), last: rowAt(tops, to) };
}

/** The last row that begins at or above a place; the first for a place above all; -1 where there are none. */
function rowAt(tops: readonly number[], place: number): number {
  let low = 0;
  let high = tops.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((tops[middle] ?? 0) <= place) low = middle;
    else high = middle - 1;
  }
  return high < 0 ? -1 : low;
}
