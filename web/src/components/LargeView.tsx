import type { JobView } from '@spillway/web/api/schema.ts';
import { displayName } from '../format/file-name.ts';
import { JobResult } from './JobResult.tsx';
import { ModalDialog } from './ModalDialog.tsx';

interface LargeViewProps {
  job: JobView;
  preview: string | null;
  onClose(): void;
}

/** One result as large as the window allows. */
export function LargeView({ job, preview, onClose }: LargeViewProps) {
  // A caption has no sides of its own.
  const { result } = job;
  const { width, height } =
    result && result.width > 0 && result.height > 0 ? result : { width: 4, height: 3 };
  return (
    <ModalDialog title={displayName(job.source.name)} className="large-view" onClose={onClose}>
      <div class="large-frame" style={{ aspectRatio: `${width} / ${height}`, '--ratio': width / height }}>
        <JobResult job={job} preview={preview} />
      </div>
    </ModalDialog>
  );
}
