import { resultLabel } from '../jobs/words.ts';
import type { Picture, PictureResult } from './batch.ts';
import type { ResultStage } from './result-stage.ts';
import { original, type ShownId } from './shown-results.ts';

interface ResultTabsProps {
  picture: Picture;
  /** Null for the original. */
  shown: PictureResult | null;
  panelId: string;
  onChoose(id: ShownId): void;
}

/** The original and the results of a picture as tabs, each with its own state. */
export function ResultTabs({ picture, shown, panelId, onChoose }: ResultTabsProps) {
  const ids = [original, ...picture.results.map(({ id }) => id)];
  const chosen = shown?.id ?? original;
  const turn = (event: KeyboardEvent & { currentTarget: HTMLElement }) => {
    const next = idAfter(event.key, ids, chosen);
    if (next === undefined) return;
    event.preventDefault();
    onChoose(next);
    event.currentTarget.querySelector<HTMLElement>(`[data-id="${CSS.escape(next)}"]`)?.focus();
  };
  return (
    <div class="result-tabs" role="tablist" aria-label={`Results of ${picture.name}`} onKeyDown={turn}>
      <Tab id={original} chosen={chosen} panelId={panelId} onChoose={onChoose} label="Original" />
      {picture.results.map(({ id, operation, stage }, place) => (
        <Tab
          key={id}
          id={id}
          chosen={chosen}
          panelId={panelId}
          onChoose={onChoose}
          label={labelOf(picture.results, operation, place)}
          stage={stage}
        />
      ))}
    </div>
  );
}

interface TabProps {
  id: ShownId;
  chosen: ShownId;
  panelId: string;
  label: string;
  stage?: ResultStage;
  onChoose(id: ShownId): void;
}

function Tab({ id, chosen, panelId, label, stage, onChoose }: TabProps) {
  const mark = stage ? markOf(stage) : null;
  return (
    <button
      type="button"
      role="tab"
      class="result-tab"
      data-id={id}
      aria-label={mark ? `${label}, ${mark.words}` : label}
      aria-selected={id === chosen}
      aria-controls={panelId}
      tabIndex={id === chosen ? 0 : -1}
      onClick={() => onChoose(id)}
    >
      {mark && <span class={`result-mark ${mark.look}`} />}
      <span class="result-label">{label}</span>
    </button>
  );
}

/** A second set of options of one operation gets a number, the oldest 1. */
function labelOf(results: readonly PictureResult[], operation: string, place: number): string {
  const alike = results.filter((result) => result.operation === operation).length;
  if (alike === 1) return resultLabel(operation);
  const older = results.slice(place + 1).filter((result) => result.operation === operation).length;
  return `${resultLabel(operation)} ${older + 1}`;
}

function idAfter(key: string, ids: readonly ShownId[], chosen: ShownId): ShownId | undefined {
  const at = ids.indexOf(chosen);
  switch (key) {
    case 'ArrowRight':
      return ids[(at + 1) % ids.length];
    case 'ArrowLeft':
      return ids.at(at - 1);
    case 'Home':
      return ids[0];
    case 'End':
      return ids.at(-1);
    default:
      return undefined;
  }
}

function markOf(stage: ResultStage): { look: 'open' | 'working' | 'done' | 'failed'; words: string } {
  switch (stage.kind) {
    case 'uploading':
      return { look: 'open', words: 'uploading' };
    case 'waiting':
      return { look: 'open', words: 'waiting' };
    case 'processing':
      return { look: 'working', words: 'being made' };
    case 'done':
      return { look: 'done', words: 'done' };
    case 'failed':
    case 'upload-failed':
      return { look: 'failed', words: 'failed' };
    case 'stopped':
      return { look: 'open', words: 'stopped' };
    default:
      return stage satisfies never;
  }
}
