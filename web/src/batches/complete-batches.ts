import { effect, type ReadonlySignal, signal } from '@preact/signals';
import type { FollowedJobs } from '../jobs/followed-jobs.ts';
import type { Batch } from './batch.ts';

/** Batches of which every job is known, so that no picture of them is still to come. */
export interface CompleteBatches {
  has(batch: Batch): boolean;
  /** Loads what is missing of batches that lists have shown in part. Returns a function that ends it. */
  follow(): () => void;
}

const jobsOfAPage = 100;

export function createCompleteBatches(
  batches: ReadonlySignal<readonly Batch[]>,
  own: FollowedJobs,
): CompleteBatches {
  const complete = signal<ReadonlySet<string>>(new Set());
  const asked = new Set<string>();

  const add = (keys: readonly string[]) => {
    if (keys.some((key) => !complete.peek().has(key))) {
      complete.value = new Set([...complete.peek(), ...keys]);
    }
  };

  async function loadRest({ key, id }: Batch): Promise<void> {
    if (id === null || asked.has(key)) return;
    asked.add(key);
    const query = `?batch=${encodeURIComponent(id)}&limit=${jobsOfAPage}`;
    let cursor = await own.load(query);
    while (cursor !== null) cursor = await own.load(`${query}&cursor=${encodeURIComponent(cursor)}`);
    add([key]);
  }

  return {
    // The files of a drop on this page are all here, and those that were not taken never come.
    has: ({ key, pictures }) =>
      complete.value.has(key) ||
      (own.loaded.value && own.cursor.value === null) ||
      pictures.some(({ upload }) => upload !== null),
    follow: () =>
      effect(() => {
        const seen = batches.value;
        if (!own.loaded.value) return;
        add(seen.filter(({ pictures, files }) => pictures.length >= files).map(({ key }) => key));
        if (own.cursor.value === null) return;
        for (const batch of seen) if (!complete.peek().has(batch.key)) void loadRest(batch);
      }),
  };
}
