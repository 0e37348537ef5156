import { countOf } from '@spillway/core/amounts.ts';
import { pageLine } from './line.ts';
import { sendingProgress } from './sending-progress.ts';
import type { UploadList } from './upload-list.ts';

/** Says at once that the site is out of reach, and what becomes of the files. */
export function OfflineNote({ list }: { list: UploadList }) {
  const isDown = pageLine().state.value === 'down';
  const { open } = sendingProgress(list.uploads.value, list.safe.value);
  return (
    <p class="offline-note" role="status">
      {isDown && (
        <>
          <span class="connection-dot" aria-hidden="true" />
          {navigator.onLine ? 'This site cannot be reached.' : 'You are offline.'}{' '}
          {open > 0
            ? `${countOf(open, 'file')} ${open === 1 ? 'waits and goes' : 'wait and go'} on without a press once the line is back.`
            : 'What you add is sent once the line is back.'}
        </>
      )}
    </p>
  );
}
