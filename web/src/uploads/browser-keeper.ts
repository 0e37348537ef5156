import { openKeptUploads } from './kept-uploads.ts';
import { joinTabs } from './tab.ts';
import { createUploadKeeper, noKeeper, type UploadKeeper } from './upload-keeper.ts';

/** The keeper of this page, with the browser's database and locks. */
export async function openBrowserKeeper(): Promise<UploadKeeper> {
  // A page that is being built has nothing to keep.
  const tab = typeof document === 'undefined' ? null : joinTabs(navigator.locks);
  // Without locks two tabs would send one file.
  if (!tab) return noKeeper;
  const store = await openKeptUploads(globalThis.indexedDB);
  if (!store) return noKeeper;
  return createUploadKeeper({
    store,
    tab,
    async estimate() {
      const found = await navigator.storage?.estimate().catch(() => null);
      return found?.quota === undefined ? null : { used: found.usage ?? 0, most: found.quota };
    },
    now: () => Date.now(),
  });
}
