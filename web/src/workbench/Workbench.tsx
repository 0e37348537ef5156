import '../styles/workbench.css';
import { removeBackground } from '@spillway/core/operations/remove-background.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Batch, Picture, PictureResult } from '../batches/batch.ts';
import type { BatchDeeds } from '../batches/batch-deeds.ts';
import { Icon } from '../components/Icon.tsx';
import { ModalDialog } from '../components/ModalDialog.tsx';
import { resultLabel, resultOf } from '../jobs/words.ts';
import type { OptionValues } from '../options/chosen-options.ts';
import type { Selection } from '../options/selection.ts';
import { AboutResult } from './AboutResult.tsx';
import { CutOutCanvas } from './CutOutCanvas.tsx';
import { isShownAtOnce } from './cut-out-preview.ts';
import { type Layer, layersOf, originalId } from './layers.ts';
import { counterpartOf, neighboursOf } from './neighbours.ts';
import { ResultStrip } from './ResultStrip.tsx';
import { AlsoPanel, knownOperation, OptionsPanel } from './RunPanel.tsx';
import { Stage, type StageSide } from './Stage.tsx';
import { createStageState, type StageState } from './stage-state.ts';
import { UnfinishedResult } from './UnfinishedResult.tsx';
import { useCutOut } from './use-cut-out.ts';
import { useRuns } from './use-runs.ts';

export interface WorkbenchProps {
  batch: Batch;
  picture: Picture;
  /** Null for the original. */
  result: PictureResult | null;
  /** What is remembered for the next pictures: the options of what is made beside. */
  selection: Selection;
  deeds: BatchDeeds;
  onStep(picture: Picture, result: PictureResult | null): void;
  onStarted(jobs: readonly JobView[]): void;
  onClose(): void;
}

/** One picture as large as the window: to look at closely, to compare, and to make again otherwise. */
export function Workbench(props: WorkbenchProps) {
  const { batch, picture, result, onStep, onClose } = props;
  const state = useMemo(createStageState, []);
  const [compareWith, setCompareWith] = useState<string>(originalId);
  const { place, before, after } = neighboursOf(batch, picture);
  const goTo = (other: Picture | null) => other && onStep(other, counterpartOf(result, other));

  // From everywhere in the dialog, its head included.
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const isField = event.target instanceof Element && event.target.matches('input, select, textarea');
      if (event.defaultPrevented || isField) return;
      if (event.key !== 'PageUp' && event.key !== 'PageDown') return;
      goTo(event.key === 'PageUp' ? before : after);
      event.preventDefault();
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  });

  return (
    <ModalDialog
      title={picture.name}
      className="workbench"
      onClose={onClose}
      actions={
        <nav class="wb-steps" aria-label="Pictures of the batch">
          <StepButton label="Previous picture" flipped to={before} onPress={goTo} />
          <span class="wb-place">
            {place} of {batch.pictures.length}
          </span>
          <StepButton label="Next picture" to={after} onPress={goTo} />
        </nav>
      }
    >
      <div class="wb-body">
        <Bench
          {...props}
          state={state}
          compareWith={compareWith}
          onCompareWith={setCompareWith}
          onNeighbour={(by) => goTo(by < 0 ? before : after)}
        />
      </div>
    </ModalDialog>
  );
}

interface StepButtonProps {
  label: string;
  flipped?: boolean;
  to: Picture | null;
  onPress(to: Picture | null): void;
}

function StepButton({ label, flipped = false, to, onPress }: StepButtonProps) {
  return (
    <button
      type="button"
      class={flipped ? 'button quiet square wb-flipped' : 'button quiet square'}
      aria-label={label}
      // Not disabled, which would take the focus away from somebody who steps with it.
      aria-disabled={to === null}
      onClick={() => onPress(to)}
    >
      <Icon name="more" />
    </button>
  );
}

interface BenchProps extends WorkbenchProps {
  state: StageState;
  /** Id of the layer on the left of the line; `none` for no line. */
  compareWith: string;
  onCompareWith(id: string): void;
  onNeighbour(by: -1 | 1): void;
}

/** The stage, and beside it what is shown, what made it, and what else can be made. */
function Bench(props: BenchProps) {
  const { batch, picture, result, selection, state, compareWith, onCompareWith, onNeighbour } = props;
  const operation = knownOperation(result);
  const [draft, setDraft] = useState<{ key: string; values: OptionValues } | null>(null);
  const values = draft !== null && draft.key === result?.key ? draft.values : (result?.options ?? {});
  const preview = useCutOutPreview(picture, result, values);
  const runs = useRuns({
    ...props,
    onArrived: (arrived) => props.onStep(picture, arrived),
  });

  const layers = layersOf(picture);
  const original = layers.find(({ id }) => id === originalId) ?? null;
  const own = layers.find(({ id }) => id === (result?.id ?? originalId)) ?? null;
  const shown = own ?? original;
  const others = layers.filter(({ id }) => id !== shown?.id);
  const withPreview = preview.kind === 'drawn' && shown ? [shown, ...others] : others;
  const compared = own && withPreview.length > 0 ? comparedLayer(withPreview, compareWith, result) : null;
  useSizeOfPicture(state, layers, picture.key);

  return (
    <>
      {shown ? (
        <Stage
          state={state}
          shown={preview.kind === 'drawn' ? preview.side : sideOf(shown, picture, state)}
          compared={compared && sideOf(compared, picture, state)}
          onStep={onNeighbour}
        />
      ) : (
        <p class="wb-view wb-nothing">The picture is shown as soon as it has arrived.</p>
      )}
      <div class="wb-panel">
        <ResultStrip picture={picture} shown={result} onChoose={(chosen) => props.onStep(picture, chosen)} />
        {own && withPreview.length > 0 && (
          <label class="wb-compare">
            Compare with
            <select
              value={compared?.id ?? 'none'}
              onChange={(event) => onCompareWith(event.currentTarget.value)}
            >
              <option value="none">Nothing</option>
              {withPreview.map(({ id, label }) => (
                <option key={id} value={id}>
                  {label}
                </option>
              ))}
            </select>
          </label>
        )}
        {result && (
          <section class="wb-section" aria-labelledby="wb-about-title">
            <h3 id="wb-about-title">{resultLabel(result.operation)}</h3>
            {result.job && result.stage.kind === 'done' ? (
              <AboutResult job={result.job} name={picture.name} />
            ) : (
              <UnfinishedResult picture={picture} result={result} deeds={props.deeds} />
            )}
          </section>
        )}
        {result && operation && result.job && (
          <OptionsPanel
            batch={batch}
            result={result}
            operation={operation}
            values={values}
            previewNote={preview.note}
            runs={runs}
            onOption={(key, value) =>
              // Of the draft as it is then: of two changes within a frame, the second knows the first.
              setDraft((now) => ({
                key: result.key,
                values: { ...(now?.key === result.key ? now.values : result.options), [key]: value },
              }))
            }
            onUndo={() => setDraft(null)}
          />
        )}
        <AlsoPanel picture={picture} optionsOf={(name) => selection.options.value[name] ?? {}} runs={runs} />
        <p class={runs.news?.kind === 'problem' ? 'wb-news problem' : 'wb-news'} role="status">
          {runs.news?.words}
        </p>
      </div>
    </>
  );
}

/** What is on the left of the line: what was chosen, where this picture has it, and else the original. */
function comparedLayer(layers: readonly Layer[], wanted: string, result: PictureResult | null): Layer | null {
  if (wanted === 'none' || (result === null && wanted === originalId)) return null;
  return layers.find(({ id }) => id === wanted) ?? layers.find(({ id }) => id === originalId) ?? null;
}

function sideOf(layer: Layer, picture: Picture, state: StageState): StageSide {
  const { label, src, seeThrough } = layer;
  const alt = layer.id === originalId ? picture.name : `${label} of ${picture.name}`;
  const content = (
    <img
      key={src}
      class="wb-image"
      src={src}
      alt={alt}
      // Nothing waits for a large picture: it appears once it is decoded.
      decoding="async"
      draggable={false}
      onLoad={({ currentTarget: { naturalWidth: width, naturalHeight: height } }) => {
        if (state.picture.peek() === null) state.setPicture({ width, height });
      }}
    />
  );
  return { label, seeThrough, content };
}

/** Results say how large they are; of the original alone the browser knows it once it is loaded. */
function useSizeOfPicture(state: StageState, layers: readonly Layer[], pictureKey: string): void {
  const size = layers.find((layer) => layer.size !== null)?.size ?? null;
  const known = useRef<string | null>(null);
  useEffect(() => {
    if (size === null && known.current === pictureKey) return;
    known.current = pictureKey;
    state.setPicture(size);
  }, [pictureKey, size?.width, size?.height]);
}

type CutOutPreview = { kind: 'none'; note: string | null } | { kind: 'drawn'; side: StageSide; note: string };

/** What the page shows of changed options before they are made: of cut-outs, what follows from their masks. */
function useCutOutPreview(
  picture: Picture,
  result: PictureResult | null,
  values: OptionValues,
): CutOutPreview {
  const job = result?.operation === removeBackground.name && result.stage.kind === 'done' ? result.job : null;
  const wanted = useMemo(() => parsedOptions(values), [values]);
  const made = useMemo(() => parsedOptions(job?.options ?? {}), [job]);
  const isChanged = wanted !== null && made !== null && JSON.stringify(wanted) !== JSON.stringify(made);
  const loaded = useCutOut(picture, job, isChanged);
  if (!job || !result || !isChanged) return { kind: 'none', note: null };
  if (!isShownAtOnce(made, wanted)) {
    return { kind: 'none', note: 'Another model or refinement is shown once it has run.' };
  }
  switch (loaded.kind) {
    case 'loading':
      return { kind: 'none', note: 'Loading the preview …' };
    case 'unavailable':
      return { kind: 'none', note: 'There is no preview of this picture: run it again to see the change.' };
    case 'ready':
      return {
        kind: 'drawn',
        note: 'A preview, drawn here at once. Run it again to have it as a file.',
        side: {
          label: 'Preview',
          seeThrough: wanted.output === 'cutout' && wanted.background === '',
          content: (
            <CutOutCanvas
              source={loaded.source}
              options={wanted}
              label={`Preview: ${resultOf(result.operation, picture.name)}`}
            />
          ),
        },
      };
    default:
      return loaded satisfies never;
  }
}

function parsedOptions(values: OptionValues) {
  const parsed = removeBackground.options.safeParse(values);
  return parsed.success ? parsed.data : null;
}
