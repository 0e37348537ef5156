import { formatBytes } from '@spillway/core/amounts.ts';
import { useId } from 'preact/hooks';
import { ConfirmButton } from '../components/ConfirmButton.tsx';
import { HatchBar } from '../components/HatchBar.tsx';
import { Icon } from '../components/Icon.tsx';
import { WordsStrip } from '../components/WordsStrip.tsx';
import type { Reply } from '../http/request.ts';
import { deletionWords } from '../jobs/deletion-words.ts';
import { resultUrl } from '../jobs/job-actions.ts';
import { resultLook } from '../jobs/result-look.ts';
import { downloadAsText } from '../jobs/text-download.ts';
import { useDeletion } from '../jobs/use-deletion.ts';
import { resultNoun } from '../jobs/words.ts';
import type { Batch, Picture, PictureResult } from './batch.ts';
import type { BatchDeeds } from './batch-deeds.ts';
import { CardPicture } from './CardPicture.tsx';
import { ResultTabs } from './ResultTabs.tsx';
import { hasEnded, hasFailed } from './result-stage.ts';
import type { ShownResults } from './shown-results.ts';
import { stageShare, stageWords } from './stage-words.ts';
import { useDeed } from './use-deed.ts';

export interface PictureCardProps {
  batchKey: Batch['key'];
  picture: Picture;
  shownResults: ShownResults;
  deeds: BatchDeeds;
  /** Pixels. */
  width: number;
  onOpen(picture: Picture, result: PictureResult | null): void;
  /** Called when the picture is deleted, and the pressed button with it. */
  onGone(): void;
}

/** One picture with its original and its results as tabs. Every card has the same height, whatever it shows. */
export function PictureCard(props: PictureCardProps) {
  const { batchKey, picture, shownResults, width } = props;
  const shown = shownResults.of(batchKey, picture);
  const panelId = useId();
  const job = shown?.stage.kind === 'done' ? shown.job : null;
  const isWords = job !== null && resultLook(job).kind === 'words';
  return (
    <article class={`card ${shown?.stage.kind ?? 'done'}`} aria-label={picture.name}>
      <div class="card-panel" role="tabpanel" id={panelId} aria-label={nameOf(picture, shown)}>
        <div class="card-frame">
          <CardPicture picture={picture} shown={shown} width={width} />
          <button
            type="button"
            class="card-open"
            aria-label={`Open ${nameOf(picture, shown)}`}
            onClick={() => props.onOpen(picture, shown)}
          >
            <Icon name="enlarge" />
          </button>
          {job && isWords && <WordsStrip job={job} />}
        </div>
      </div>
      <ResultTabs
        picture={picture}
        shown={shown}
        panelId={panelId}
        onChoose={(id) => shownResults.choose(picture, id)}
      />
      <div class="card-body">
        <p class="card-head">
          <span class="card-name" title={picture.name}>
            {picture.name}
          </span>
          <span class="card-size">{formatBytes(picture.size)}</span>
        </p>
        <CardState picture={picture} shown={shown} />
        <CardActions {...props} shown={shown} />
      </div>
    </article>
  );
}

function nameOf({ name }: Picture, shown: PictureResult | null): string {
  return shown ? `${resultNoun(shown.operation)} of ${name}` : name;
}

function CardState({ picture, shown }: { picture: Picture; shown: PictureResult | null }) {
  if (shown === null) {
    const done = picture.results.filter(({ stage }) => stage.kind === 'done').length;
    return (
      <div class="card-state">
        <p>
          The original. {done} of {picture.results.length} done
        </p>
      </div>
    );
  }
  const { stage } = shown;
  const words = stageWords(shown);
  if (stage.kind === 'done') {
    return (
      <div class="card-state done">
        <p>
          <Icon name="check" />
          {words}
        </p>
      </div>
    );
  }
  if (hasEnded(stage)) {
    return (
      <div class={hasFailed(stage) ? 'card-state failed' : 'card-state'}>
        <p title={words}>
          {hasFailed(stage) && <Icon name="alert" />}
          <span class="card-words">{words}</span>
        </p>
      </div>
    );
  }
  return (
    <div class="card-state">
      <p>{words}</p>
      <HatchBar label={`Progress of ${picture.name}`} share={stageShare(shown)} />
    </div>
  );
}

function CardActions({ picture, shown, deeds, onGone }: PictureCardProps & { shown: PictureResult | null }) {
  const { busy, problem, act } = useDeed();
  const files = useDeletion();
  const remove = async () => {
    if (await act(() => deeds.removePicture(picture))) onGone();
  };
  const stage = shown?.stage;
  const isOver = picture.results.every((result) => hasEnded(result.stage));
  return (
    <div class="card-actions" aria-busy={busy}>
      {shown?.job && stage?.kind === 'done' && (
        <DownloadResult result={shown} picture={picture} onAct={act} />
      )}
      {shown && (stage?.kind === 'failed' || stage?.kind === 'upload-failed') && stage.retryable && (
        <button
          type="button"
          class="button"
          disabled={busy}
          onClick={() => void act(() => deeds.retry(picture, shown))}
        >
          <Icon name="retry" />
          Retry<span class="visually-hidden"> {picture.name}</span>
        </button>
      )}
      {shown?.stage.kind === 'stopped' && shown.stage.state === 'cancelled' && (
        <button
          type="button"
          class="button"
          disabled={busy}
          onClick={() => void act(() => deeds.retry(picture, shown))}
        >
          <Icon name="retry" />
          Start again<span class="visually-hidden"> {picture.name}</span>
        </button>
      )}
      {shown && !hasEnded(shown.stage) && (
        <button
          type="button"
          class="button quiet"
          disabled={busy}
          onClick={() => void act(() => deeds.cancel(picture, shown))}
        >
          <Icon name="close" />
          Cancel<span class="visually-hidden"> {picture.name}</span>
        </button>
      )}
      {isOver && (
        <span class="card-remove">
          <ConfirmButton
            label="Delete"
            confirm={deletionWords(files)}
            subject={picture.name}
            icon="trash"
            onConfirm={() => void remove()}
          />
        </span>
      )}
      {problem && (
        <p class="card-problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

interface DownloadResultProps {
  result: PictureResult;
  picture: Picture;
  onAct(deed: () => Promise<Reply<null>>): Promise<boolean>;
}

/** A picture comes as its file. Words come as text, because that is what a person can read. */
function DownloadResult({ result: { job, operation }, picture: { name }, onAct }: DownloadResultProps) {
  if (!job) return null;
  const hidden = <span class="visually-hidden"> the {`${resultNoun(operation)} of ${name}`}</span>;
  if (resultLook(job).kind === 'picture') {
    return (
      <a class="button" href={`${resultUrl(job.id)}?download`} download>
        <Icon name="download" />
        Download{hidden}
      </a>
    );
  }
  return (
    <button type="button" class="button" onClick={() => void onAct(() => downloadAsText(job, name))}>
      <Icon name="download" />
      Download text{hidden}
    </button>
  );
}
