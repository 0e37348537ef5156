import type { ReadonlySignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { Batch } from '../batches/batch.ts';
import { progressOf } from '../batches/batch-progress.ts';
import { Icon } from '../components/Icon.tsx';
import { createEndNotice } from './notify-end.ts';
import { closingWords, sendingProgress } from './sending-progress.ts';
import type { UploadList } from './upload-list.ts';
import { useEndOfWork } from './use-end-of-work.ts';

interface SendingNoteProps {
  list: UploadList;
  batches: ReadonlySignal<readonly Batch[]>;
}

/** Whether the page may be closed, what goes on from an earlier visit, and a notification at the end for who wants one. */
export function SendingNote({ list, batches }: SendingNoteProps) {
  const notice = useMemo(createEndNotice, []);
  useEndOfWork(batches, notice);
  const isWorking = progressOf(batches.value).open > 0;
  const words = closingWords(sendingProgress(list.uploads.value, list.safe.value), isWorking);
  return (
    <div class="sending-note">
      <p role="status">{words}</p>
      <ResumedWords list={list} />
      <MissingFiles list={list} />
      {isWorking && notice.wanted.value === 'no' && (
        <button type="button" class="button quiet" onClick={() => void notice.want()}>
          <Icon name="pulse" />
          Tell me when it is done
        </button>
      )}
      {isWorking && notice.wanted.value === 'yes' && <p>This browser tells you when it is done.</p>}
    </div>
  );
}

function ResumedWords({ list }: { list: UploadList }) {
  const open = list.resumed.value.filter(({ phase }) => ['waiting', 'sending'].includes(phase.value.kind));
  if (open.length === 0) return null;
  return (
    <p>
      {open.length === 1
        ? '1 upload of an earlier visit goes on.'
        : `${open.length} uploads of an earlier visit go on.`}
    </p>
  );
}

/** Files that this browser could not keep. */
function MissingFiles({ list }: { list: UploadList }) {
  const missing = list.missing.value;
  if (missing.length === 0) return null;
  return (
    <div class="missing-files">
      <p>
        This browser could not keep {missing.length === 1 ? 'a file' : `${missing.length} files`} of an
        earlier visit. Add {missing.length === 1 ? 'it' : 'them'} again, and the upload goes on where it was:
      </p>
      <ul>
        {missing.slice(0, 5).map(({ key, name }) => (
          <li key={key}>{name}</li>
        ))}
        {missing.length > 5 && <li>and {missing.length - 5} more</li>}
      </ul>
      <button type="button" class="button quiet" onClick={() => list.dropMissing()}>
        <Icon name="close" />
        Give {missing.length === 1 ? 'it' : 'them'} up
      </button>
    </div>
  );
}
