import type { CaptionResult } from '@spillway/core/caption-result.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { displayName } from '../format/file-name.ts';
import { useCaption } from '../jobs/caption-result.ts';
import { sourceUrl } from '../jobs/job-actions.ts';
import { CopyButton } from './CopyButton.tsx';
import { SourcePicture } from './SourcePicture.tsx';

/** A caption in full beside its picture, with the other sentences that were followed. */
export function CaptionView({ job, preview }: { job: JobView; preview: string | null }) {
  const name = displayName(job.source.name);
  const caption = useCaption(job.id);
  return (
    <div class="caption-view">
      <div class="caption-picture">
        <SourcePicture source={preview ?? sourceUrl(job.id)} name={name} alt={name} />
      </div>
      <div class="caption-details">
        {caption.kind === 'failed' && <p>The caption could not be loaded: {caption.message}</p>}
        {caption.kind === 'loading' && <p>Loading the caption …</p>}
        {caption.kind === 'loaded' && (
          <>
            <blockquote class="caption-large">{caption.result.caption}</blockquote>
            <CopyButton text={caption.result.caption} subject={`the caption of ${name}`} />
            {caption.result.beams.length > 1 && <Beams beams={caption.result.beams} />}
          </>
        )}
      </div>
    </div>
  );
}

function Beams({ beams }: Pick<CaptionResult, 'beams'>) {
  return (
    <table class="beams">
      <caption>Sentences that were followed to their end, the likeliest first</caption>
      <thead>
        <tr>
          <th scope="col">Sentence</th>
          <th scope="col" class="beam-score" title="Mean logarithm of the tokens’ probability">
            Score
          </th>
        </tr>
      </thead>
      <tbody>
        {beams.map(({ text, score }, index) => (
          <tr key={index}>
            <td>{text}</td>
            <td class="beam-score">{score.toFixed(3).replace('-', '−')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
