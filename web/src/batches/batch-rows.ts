import type { Batch, Picture } from './batch.ts';

/** A row of the list: what a batch is as a whole, or some of its pictures side by side. */
export type BatchRow =
  | { kind: 'head'; key: string; batch: Batch }
  | {
      kind: 'pictures';
      key: string;
      batch: Batch;
      /** Place of the first picture in its batch, from 0. */
      from: number;
      /** Null where a picture has not been loaded yet. */
      pictures: readonly (Picture | null)[];
    };

/** Lays out batches in rows of at most `columns` pictures. */
export function batchRows(
  batches: readonly Batch[],
  columns: number,
  isComplete: (batch: Batch) => boolean,
): BatchRow[] {
  return batches.flatMap((batch): BatchRow[] => {
    const cells = isComplete(batch) ? batch.pictures : withGaps(batch);
    const rows: BatchRow[] = [{ kind: 'head', key: batch.key, batch }];
    for (let from = 0; from < cells.length; from += columns) {
      const key = `${batch.key} ${from}`;
      rows.push({ kind: 'pictures', key, batch, from, pictures: cells.slice(from, from + columns) });
    }
    return rows;
  });
}

/** Every picture at its place in the drop, so that those that are loaded later do not move it. */
function withGaps({ pictures, files }: Batch): (Picture | null)[] {
  const places = new Set(pictures.map(({ index }) => index));
  // Without places, all of them are 0.
  if (places.size < pictures.length || pictures.some(({ index }) => index >= files)) return [...pictures];
  const cells = Array<Picture | null>(files).fill(null);
  for (const picture of pictures) cells[picture.index] = picture;
  return cells;
}
