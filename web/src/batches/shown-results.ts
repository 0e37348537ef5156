import { signal } from '@preact/signals';
import type { Batch, Picture, PictureResult } from './batch.ts';
import { hasFailed } from './result-stage.ts';

/** What a card shows: its original, or the result of this id. */
export type ShownId = PictureResult['id'] | typeof original;
export const original = 'original';

/** What people chose to see. It outlives the cards, which leave the document when they leave the window. */
export interface ShownResults {
  /** Reads a signal. The original where null is returned. */
  of(batchKey: Batch['key'], picture: Picture): PictureResult | null;
  choose(picture: Picture, id: ShownId): void;
  /** Reads a signal. What all pictures of the batch show; null while each shows its own. */
  ofBatch(batch: Batch): ShownId | null;
  /** Shows the same of every picture of the batch. */
  chooseForBatch(batch: Batch, id: ShownId): void;
}

export function createShownResults(): ShownResults {
  const byPicture = signal<ReadonlyMap<string, ShownId>>(new Map());
  const byBatch = signal<ReadonlyMap<string, ShownId>>(new Map());
  return {
    of(batchKey, picture) {
      const chosen = byPicture.value.get(picture.key) ?? byBatch.value.get(batchKey);
      if (chosen === original) return null;
      return picture.results.find(({ id }) => id === chosen) ?? firstWorthSeeing(picture);
    },
    choose(picture, id) {
      byPicture.value = new Map(byPicture.peek()).set(picture.key, id);
    },
    ofBatch: ({ key }) => byBatch.value.get(key) ?? null,
    chooseForBatch(batch, id) {
      const others = new Map(byPicture.peek());
      for (const { key } of batch.pictures) others.delete(key);
      byPicture.value = others;
      byBatch.value = new Map(byBatch.peek()).set(batch.key, id);
    },
  };
}

/** The first that has not failed, so that the choice does not change while others end. */
function firstWorthSeeing({ results }: Picture): PictureResult | null {
  return results.find(({ stage }) => !hasFailed(stage)) ?? results[0] ?? null;
}
