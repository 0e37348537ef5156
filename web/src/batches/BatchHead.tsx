import { formatBytes } from '@spillway/core/amounts.ts';
import { useId } from 'preact/hooks';
import { ConfirmButton } from '../components/ConfirmButton.tsx';
import { HatchBar } from '../components/HatchBar.tsx';
import { Icon } from '../components/Icon.tsx';
import { deletionWords } from '../jobs/deletion-words.ts';
import { useDeletion } from '../jobs/use-deletion.ts';
import { resultLabel } from '../jobs/words.ts';
import { now } from '../live/now.ts';
import { ShareButton } from '../shares/ShareButton.tsx';
import type { Batch, Picture, PictureResult } from './batch.ts';
import { archiveUrl, captionsUrl } from './batch-actions.ts';
import type { BatchDeeds } from './batch-deeds.ts';
import { type BatchProgress, progressOf } from './batch-progress.ts';
import { addedWords, progressWords } from './batch-words.ts';
import { FailedResults } from './FailedResults.tsx';
import { failureGroups } from './failures.ts';
import { original, type ShownResults } from './shown-results.ts';
import { timeLeft } from './time-left.ts';
import { useDeed } from './use-deed.ts';
import { builtInModelMeaning } from './visitor-words.ts';

export interface BatchHeadProps {
  batch: Batch;
  /** Whether this is the first batch with results of a built-in model: what that means is said once. */
  saysModel: boolean;
  shownResults: ShownResults;
  deeds: BatchDeeds;
  onOpen(picture: Picture, result: PictureResult | null): void;
  /** Called when the batch is deleted, and the pressed button with it. */
  onGone(): void;
}

/** A batch as a whole: how far it is, and what can be done with all of it at once. */
export function BatchHead(props: BatchHeadProps) {
  const { batch, saysModel, onOpen } = props;
  const titleId = useId();
  const progress = progressOf([batch]);
  const isRunning = progress.open > 0;
  const failures = failureGroups(batch);
  return (
    <section class="batch-head" aria-labelledby={titleId}>
      <div class="batch-title">
        <h3 id={titleId}>{batch.name}</h3>
        <p class="batch-facts">
          {addedWords(batch.addedAt, now.value)} · {formatBytes(sizeOf(batch))}
          {saysModel && <ModelWords />}
        </p>
      </div>
      <BatchActions {...props} progress={progress} />
      <div class="batch-progress">
        {isRunning && <HatchBar label={`Progress of ${batch.name}`} share={progress.share} />}
        <p class={isRunning || progress.failed > 0 ? '' : 'all-done'}>
          {progressWords(progress, isRunning ? timeLeft([batch], now.value) : null)}
        </p>
        <ShowSwitch {...props} />
      </div>
      {failures.length > 0 && <FailedResults groups={failures} onOpen={onOpen} />}
    </section>
  );
}

function sizeOf({ pictures }: Batch): number {
  return pictures.reduce((sum, { size }) => sum + size, 0);
}

function ModelWords() {
  const id = useId();
  return (
    <>
      {' · '}
      <button type="button" class="link-button" popovertarget={id}>
        built-in models
      </button>
      <span class="word-bubble" id={id} popover="auto">
        {builtInModelMeaning}
      </span>
    </>
  );
}

function BatchActions({ batch, deeds, progress, onGone }: BatchHeadProps & { progress: BatchProgress }) {
  const { busy, problem, act } = useDeed();
  const files = useDeletion();
  const remove = async () => {
    if (await act(() => deeds.removeBatch(batch))) onGone();
  };
  const { id, pictures } = batch;
  const retryable = countWhere(batch, ({ stage }) => isRetryable(stage));
  const captions = countWhere(
    batch,
    ({ operation, stage }) => operation === 'caption' && stage.kind === 'done',
  );
  const isLarge = pictures.length > 1;
  return (
    <div class="batch-actions" aria-busy={busy}>
      {id !== null && progress.done > 1 && (
        <a class="button primary" href={archiveUrl(id)} download>
          <Icon name="download" />
          Download all<span class="visually-hidden"> results of {batch.name} as one ZIP file</span>
        </a>
      )}
      {id !== null && isLarge && captions > 0 && (
        <span class="button-pair">
          <a class="button" href={captionsUrl(id, 'csv')} download>
            Captions as CSV
          </a>
          <a class="button" href={captionsUrl(id, 'txt')} download>
            <span class="visually-hidden">Captions as </span>Text
          </a>
        </span>
      )}
      {id !== null && progress.done > 0 && <ShareButton id={id} name={batch.name} />}
      {isLarge && retryable > 0 && (
        <button
          type="button"
          class="button"
          disabled={busy}
          onClick={() => void act(() => deeds.retryFailed(batch))}
        >
          <Icon name="retry" />
          Retry {retryable} failed
        </button>
      )}
      {isLarge && progress.open > 0 && (
        <button
          type="button"
          class="button quiet"
          disabled={busy}
          onClick={() => void act(() => deeds.cancelAll(batch))}
        >
          <Icon name="close" />
          Cancel<span class="visually-hidden"> what is left of {batch.name}</span>
        </button>
      )}
      {isLarge && (
        <ConfirmButton
          label="Delete all"
          confirm={deletionWords(files)}
          subject={batch.name}
          icon="trash"
          onConfirm={() => void remove()}
        />
      )}
      {problem && (
        <p class="batch-problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

/** Shows the same of all pictures: their originals, or the results of one operation. */
function ShowSwitch({ batch, shownResults }: BatchHeadProps) {
  const name = useId();
  const operations = [
    ...new Set(batch.pictures.flatMap(({ results }) => results.map((each) => each.operation))),
  ];
  if (batch.pictures.length < 2) return null;
  const chosen = shownResults.ofBatch(batch) ?? operations[0];
  return (
    <fieldset class="show-switch">
      <legend class="visually-hidden">Show of all pictures</legend>
      {[original, ...operations].map((id) => (
        <label key={id}>
          <input
            type="radio"
            class="visually-hidden"
            name={name}
            checked={id === chosen}
            onChange={() => shownResults.chooseForBatch(batch, id)}
          />
          <span>{id === original ? 'Originals' : resultLabel(id)}</span>
        </label>
      ))}
    </fieldset>
  );
}

function countWhere({ pictures }: Batch, isMeant: (result: PictureResult) => boolean): number {
  return pictures.reduce((sum, { results }) => sum + results.filter(isMeant).length, 0);
}

function isRetryable(stage: PictureResult['stage']): boolean {
  return stage.kind === 'failed' ? stage.error.retryable : stage.kind === 'upload-failed' && stage.retryable;
}
