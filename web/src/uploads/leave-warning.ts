import { sendingProgress } from './sending-progress.ts';
import type { UploadList } from './upload-list.ts';

/** Has the browser ask before the page is left while a file would be lost by it. Returns what ends that. */
export function warnBeforeLoss(list: UploadList): () => void {
  const warn = (event: BeforeUnloadEvent) => {
    if (sendingProgress(list.uploads.peek(), list.safe.peek()).unsafe > 0) event.preventDefault();
  };
  addEventListener('beforeunload', warn);
  return () => removeEventListener('beforeunload', warn);
}
