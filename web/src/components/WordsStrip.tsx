import type { JobView } from '@spillway/web/api/schema.ts';
import { displayName } from '../format/file-name.ts';
import { useWords } from '../jobs/result-words.ts';
import { resultNoun } from '../jobs/words.ts';
import { CopyButton } from './CopyButton.tsx';

/** A result that is no picture, over the lower edge of its picture, with a button that copies it. */
export function WordsStrip({ job }: { job: JobView }) {
  const loaded = useWords(job);
  const noun = resultNoun(job.operation);
  if (loaded.kind === 'failed') {
    return (
      <p class="caption-strip">
        The {noun} could not be loaded: {loaded.message} Download may still work.
      </p>
    );
  }
  if (loaded.kind === 'loading') {
    return (
      <p class="caption-strip">
        … <span class="visually-hidden">The {noun} is loading.</span>
      </p>
    );
  }
  const { text } = loaded.words;
  return (
    <div class="caption-strip">
      <blockquote class="caption-words" title={text}>
        {text.trim() === '' ? `The ${noun} is empty.` : text}
      </blockquote>
      <CopyButton text={text} subject={`the ${noun} of ${displayName(job.source.name)}`} />
    </div>
  );
}
