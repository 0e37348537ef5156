import type { JobView } from '@spillway/web/api/schema.ts';
import { visitorNotes } from '../batches/visitor-words.ts';
import { displayName } from '../format/file-name.ts';
import { resultLook } from '../jobs/result-look.ts';
import { JobResult } from './JobResult.tsx';
import { ModalDialog } from './ModalDialog.tsx';
import { ResultNotes } from './ResultNotes.tsx';
import { WordsView } from './WordsView.tsx';

interface LargeViewProps {
  job: JobView;
  preview: string | null;
  onClose(): void;
}

/** One result as large as the window allows. */
export function LargeView({ job, preview, onClose }: LargeViewProps) {
  const look = resultLook(job);
  return (
    <ModalDialog title={displayName(job.source.name)} className="large-view" onClose={onClose}>
      {look.kind === 'words' ? (
        <WordsView job={job} preview={preview} />
      ) : (
        <div class="large-frame" style={{ '--ratio': look.ratio }}>
          <JobResult job={job} preview={preview} />
        </div>
      )}
      <ResultNotes notes={visitorNotes(job.result?.notes ?? [])} />
    </ModalDialog>
  );
}
