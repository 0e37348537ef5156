import { useCaption } from '../jobs/caption-result.ts';
import { CopyButton } from './CopyButton.tsx';

/** A caption over the lower edge of its picture, with a button that copies it. */
export function CaptionText({ jobId, name }: { jobId: string; name: string }) {
  const caption = useCaption(jobId);
  if (caption.kind === 'failed') {
    return (
      <p class="caption-strip">The caption could not be loaded: {caption.message} Download may still work.</p>
    );
  }
  if (caption.kind === 'loading') {
    return (
      <p class="caption-strip">
        … <span class="visually-hidden">The caption is loading.</span>
      </p>
    );
  }
  const text = caption.result.caption;
  return (
    <div class="caption-strip">
      <blockquote class="caption-words" title={text}>
        {text}
      </blockquote>
      <CopyButton text={text} subject={`the caption of ${name}`} />
    </div>
  );
}
