import type { Picture, PictureResult } from '../batches/batch.ts';
import { hasFailed } from '../batches/result-stage.ts';
import { Icon, OperationIcon } from '../components/Icon.tsx';
import { resultLabel } from '../jobs/words.ts';
import { resultDifference } from './result-names.ts';

interface ResultStripProps {
  picture: Picture;
  /** Null for the original. */
  shown: PictureResult | null;
  onChoose(result: PictureResult | null): void;
}

/** The original and everything that was made of it, to choose what is shown. */
export function ResultStrip({ picture, shown, onChoose }: ResultStripProps) {
  return (
    <ul class="wb-strip" aria-label="What is shown">
      <li>
        <button type="button" class="wb-chip" aria-pressed={shown === null} onClick={() => onChoose(null)}>
          <Icon name="picture" />
          <span class="wb-chip-words">Original</span>
        </button>
      </li>
      {picture.results.map((result) => {
        const difference = resultDifference(result, picture);
        return (
          <li key={result.key}>
            <button
              type="button"
              class="wb-chip"
              aria-pressed={shown?.id === result.id}
              onClick={() => onChoose(result)}
            >
              <OperationIcon operation={result.operation} />
              <span class="wb-chip-words">
                {resultLabel(result.operation)}
                {difference && <span class="wb-chip-difference">{difference}</span>}
              </span>
              {result.stage.kind !== 'done' && <StageMark result={result} />}
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function StageMark({ result: { stage } }: { result: PictureResult }) {
  if (hasFailed(stage)) return <span class="wb-chip-stage failed">Failed</span>;
  return <span class="wb-chip-stage">{stage.kind === 'stopped' ? 'Stopped' : '…'}</span>;
}
