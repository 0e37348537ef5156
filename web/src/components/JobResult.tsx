import type { JobView } from '@spillway/web/api/schema.ts';
import { displayName } from '../format/file-name.ts';
import { resultUrl, sourceUrl } from '../jobs/job-actions.ts';
import { resultLook } from '../jobs/result-look.ts';
import { resultOf } from '../jobs/words.ts';
import { CompareSlider } from './CompareSlider.tsx';
import { SourcePicture } from './SourcePicture.tsx';
import { WordsStrip } from './WordsStrip.tsx';

/** The result of a job: a picture to compare with its original, or words over the original. */
export function JobResult({ job, preview }: { job: JobView; preview: string | null }) {
  const name = displayName(job.source.name);
  const before = preview ?? sourceUrl(job.id);
  const look = resultLook(job);
  if (look.kind === 'picture') {
    return (
      <CompareSlider
        name={name}
        result={resultOf(job.operation, name)}
        before={before}
        after={resultUrl(job.id)}
        look={look}
      />
    );
  }
  return (
    <>
      <SourcePicture source={before} name={name} alt={name} />
      <WordsStrip job={job} />
    </>
  );
}
