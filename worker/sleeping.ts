import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Operate } from '@spillway/pipeline/executor.ts';

/** A PNG of one grey pixel. */
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==',
  'base64',
);

/**
 * Replaces every operation where routing is measured: it takes this number of milliseconds and no processor time, so
 * that the figures can be compared with the simulator's.
 */
export function sleeping(ms: number): Operate {
  return async ({ outputPath, signal }) => {
    await delay(ms, undefined, { signal });
    const path = `${outputPath}.png`;
    await writeFile(path, pixel);
    return {
      path,
      contentType: 'image/png',
      extension: 'png',
      width: 1,
      height: 1,
      decodedPixels: null,
      model: null,
      notes: [],
      processMs: ms,
      steps: [],
    };
  };
}
