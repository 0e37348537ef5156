import { useState } from 'preact/hooks';
import type { Picture, PictureResult } from '../batches/batch.ts';
import type { BatchDeeds } from '../batches/batch-deeds.ts';
import { hasEnded, hasFailed } from '../batches/result-stage.ts';
import { stageShare, stageWords } from '../batches/stage-words.ts';
import { HatchBar } from '../components/HatchBar.tsx';
import { Icon } from '../components/Icon.tsx';

interface UnfinishedResultProps {
  picture: Picture;
  result: PictureResult;
  deeds: BatchDeeds;
}

/** How far a result is that is not there, and why it never will be. */
export function UnfinishedResult({ picture, result, deeds }: UnfinishedResultProps) {
  const [problem, setProblem] = useState<string | null>(null);
  const { stage } = result;
  const canRetry =
    (stage.kind === 'failed' || stage.kind === 'upload-failed') && stage.retryable
      ? true
      : stage.kind === 'stopped' && stage.state === 'cancelled';
  const retry = async () => {
    const reply = await deeds.retry(picture, result);
    setProblem(reply.ok ? null : reply.failure.message);
  };
  return (
    <>
      <p class={hasFailed(stage) ? 'wb-problem' : ''}>{stageWords(result)}</p>
      {!hasEnded(stage) && <HatchBar label={`Progress of ${picture.name}`} share={stageShare(result)} />}
      {canRetry && (
        <button type="button" class="button" onClick={() => void retry()}>
          <Icon name="retry" />
          Try again
        </button>
      )}
      {problem && (
        <p class="wb-problem" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}
