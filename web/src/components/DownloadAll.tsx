import { countOf } from '@spillway/core/amounts.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { useState } from 'preact/hooks';
import { resultUrl } from '../jobs/job-actions.ts';
import { Icon } from './Icon.tsx';

/** Browsers drop downloads that are started in the same moment. */
const gapMs = 400;

/** Downloads the shown results one after the other. */
export function DownloadAll({ jobs }: { jobs: JobView[] }) {
  const [busy, setBusy] = useState(false);
  if (jobs.length < 2) return null;
  const download = async () => {
    setBusy(true);
    for (const job of jobs) {
      const link = document.createElement('a');
      link.href = `${resultUrl(job.id)}?download`;
      link.download = '';
      link.click();
      await new Promise((resolve) => setTimeout(resolve, gapMs));
    }
    setBusy(false);
  };
  return (
    <button type="button" class="button quiet" disabled={busy} onClick={() => void download()}>
      <Icon name="download" />
      Download {countOf(jobs.length, 'result')}
    </button>
  );
}
