import type { Batch, Picture, PictureResult } from '../batches/batch.ts';

/** The pictures before and after one of a batch, and its place from 1. */
export interface Neighbours {
  place: number;
  before: Picture | null;
  after: Picture | null;
}

export function neighboursOf({ pictures }: Batch, picture: Picture): Neighbours {
  const at = pictures.findIndex(({ key }) => key === picture.key);
  return { place: at + 1, before: pictures[at - 1] ?? null, after: pictures[at + 1] ?? null };
}

/** What of another picture is to be seen where `result` was: the same, or else the newest of that operation. */
export function counterpartOf(result: PictureResult | null, picture: Picture): PictureResult | null {
  if (!result) return null;
  const { id, operation } = result;
  return (
    picture.results.find((other) => other.id === id) ??
    picture.results.find((other) => other.operation === operation) ??
    null
  );
}

/** `picture` and its results by what an address says. */
export function findPicture(
  batches: readonly Batch[],
  name: string,
): { batch: Batch; picture: Picture } | null {
  for (const batch of batches) {
    const picture = batch.pictures.find(({ id, key }) => id === name || key === name);
    if (picture) return { batch, picture };
  }
  return null;
}
