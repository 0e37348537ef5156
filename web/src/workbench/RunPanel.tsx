import { countOf } from '@spillway/core/amounts.ts';
import { isOperationName, manifestOf, type OperationName } from '@spillway/core/operations.ts';
import type { Batch, Picture, PictureResult } from '../batches/batch.ts';
import { ConfirmButton } from '../components/ConfirmButton.tsx';
import { OperationIcon } from '../components/Icon.tsx';
import { OptionsForm } from '../components/OptionsForm.tsx';
import { knownOperations, offerFor } from '../operations/known-operations.ts';
import { isSameWish, type OptionValues } from '../options/chosen-options.ts';
import { fieldsOf } from '../options/fields.ts';
import { optionProblems } from '../options/problems.ts';
import type { Runs } from './use-runs.ts';

interface OptionsPanelProps {
  batch: Batch;
  result: PictureResult;
  operation: OperationName;
  values: OptionValues;
  /** What the page shows of the change before it is made, in a sentence; null where nothing was changed. */
  previewNote: string | null;
  runs: Runs;
  onOption(key: string, value: unknown): void;
  /** Takes all changes back. */
  onUndo(): void;
}

/** The options of the result that is shown, to make it again with others: for this picture, or for its batch. */
export function OptionsPanel(props: OptionsPanelProps) {
  const { batch, result, operation, values, previewNote, runs, onOption, onUndo } = props;
  const fields = fieldsOf(operation);
  const problems = optionProblems(manifestOf(operation).options, values);
  const isValid = Object.keys(problems).length === 0;
  const isChanged = !isSameWish(operation, values, result.options);
  const pictures = batch.pictures.length;
  if (fields.length === 0 && pictures < 2) return null;
  return (
    <section class="wb-section" aria-labelledby="wb-options-title">
      <h3 id="wb-options-title">Options</h3>
      <OptionsForm
        // A field keeps what is being typed: another result has fields of its own.
        key={result.key}
        prefix="wb"
        fields={fields}
        values={values}
        offered={{ model: offerFor(operation).models }}
        problems={problems}
        onChange={onOption}
      />
      {previewNote && <p class="wb-note">{previewNote}</p>}
      <div class="wb-buttons">
        <button
          type="button"
          class="button primary"
          disabled={!isChanged || !isValid || runs.busy || !runs.canRun}
          onClick={() => void runs.start(operation, values)}
        >
          Run again with these
        </button>
        {isChanged && (
          <button type="button" class="button quiet" onClick={onUndo}>
            Undo
          </button>
        )}
        {pictures > 1 && batch.id !== null && isValid && (
          <ConfirmButton
            label="The same for the whole batch"
            confirm={`Make it for ${countOf(pictures, 'picture')}`}
            subject={`${manifestOf(operation).words.label}, with these options`}
            icon="moved"
            onConfirm={() => void runs.startForBatch(operation, values)}
          />
        )}
      </div>
    </section>
  );
}

interface AlsoPanelProps {
  picture: Picture;
  /** The options that are remembered for each operation. */
  optionsOf(operation: OperationName): OptionValues;
  runs: Runs;
}

/** The operations that have made nothing of the picture yet. */
export function AlsoPanel({ picture, optionsOf, runs }: AlsoPanelProps) {
  const made = new Set(picture.results.map(({ operation }) => operation));
  const others = knownOperations.value.filter((name) => !made.has(name) && offerFor(name).available);
  if (others.length === 0) return null;
  return (
    <section class="wb-section" aria-labelledby="wb-also-title">
      <h3 id="wb-also-title">From the same picture</h3>
      <div class="wb-buttons">
        {others.map((name) => (
          <button
            key={name}
            type="button"
            class="button"
            disabled={runs.busy || !runs.canRun}
            onClick={() => void runs.start(name, optionsOf(name))}
          >
            <OperationIcon operation={name} />
            Also {manifestOf(name).words.label.toLowerCase()}
          </button>
        ))}
      </div>
      {!runs.canRun && <p class="wb-note">Possible as soon as the picture has arrived.</p>}
    </section>
  );
}

/** The result's operation, where this page knows it: only then is there a form of its options. */
export function knownOperation(result: PictureResult | null): OperationName | null {
  return result && isOperationName(result.operation) ? result.operation : null;
}
