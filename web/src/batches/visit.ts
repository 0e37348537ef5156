import { effect, type ReadonlySignal } from '@preact/signals';
import type { Batch } from './batch.ts';

/** In the browser's storage while the visitor has results; the page's head reads it before the first paint. */
const resultsKey = 'spillway-has-results';

/**
 * Tells the styles whether there are results, which make the drop zone a bar. The next visit then begins as this one
 * ends, and nothing moves when its list comes. Returns a function that ends it.
 */
export function rememberResults(
  batches: ReadonlySignal<readonly Batch[]>,
  loaded: ReadonlySignal<boolean>,
): () => void {
  return effect(() => {
    const has = batches.value.length > 0;
    if (!has && !loaded.value) return;
    const { dataset } = document.documentElement;
    if (has) dataset.results = 'some';
    else delete dataset.results;
    try {
      if (has) localStorage.setItem(resultsKey, '1');
      else localStorage.removeItem(resultsKey);
    } catch {
      // Without storage the next visit begins with the large drop zone.
    }
  });
}
