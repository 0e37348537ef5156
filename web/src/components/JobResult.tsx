import type { JobView } from '@spillway/web/api/schema.ts';
import { displayName } from '../format/file-name.ts';
import { resultUrl, sourceUrl } from '../jobs/job-actions.ts';
import { CaptionText } from './CaptionText.tsx';
import { CompareSlider } from './CompareSlider.tsx';

/** What came out of a job, by its kind: a picture to compare, or words under the picture. */
export function JobResult({ job, preview }: { job: JobView; preview: string | null }) {
  const name = displayName(job.source.name);
  const before = preview ?? sourceUrl(job.id);
  if (job.result?.contentType.startsWith('image/')) {
    return <CompareSlider name={name} before={before} after={resultUrl(job.id)} />;
  }
  return (
    <>
      <img class="picture" src={before} alt={name} loading="lazy" />
      <CaptionText url={resultUrl(job.id)} />
    </>
  );
}
