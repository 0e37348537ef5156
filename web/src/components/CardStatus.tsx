import { formatShare } from '@spillway/core/amounts.ts';
import { formatDuration } from '../format/duration.ts';
import { type CardStage, type GalleryEntry, stageOf } from '../jobs/gallery.ts';
import { activityOf, downloadWords, endedWords, failureWords } from '../jobs/words.ts';
import { HatchBar } from './HatchBar.tsx';
import { Icon } from './Icon.tsx';
import { ModelNote } from './ModelNote.tsx';
import { ResultNotes } from './ResultNotes.tsx';
import { WordsWithCommand } from './WordsWithCommand.tsx';

/** The progress of an entry in words, and as a bar while its share is known. */
export function CardStatus({ entry, name }: { entry: GalleryEntry; name: string }) {
  const stage = stageOf(entry);
  if (stage.kind === 'done') {
    const { timings, result } = entry.job ?? {};
    return (
      <div class="card-status done">
        <p class="done-words">
          <Icon name="check" />
          Done{timings ? ` in ${formatDuration(timings.totalMs)}` : ''}
        </p>
        {result?.model && <ModelNote model={result.model} />}
        {result && <ResultNotes notes={result.notes} />}
      </div>
    );
  }
  if (stage.kind === 'upload-failed') return <Failure summary={stage.message} detail={null} />;
  if (stage.kind === 'ended') {
    const { job } = entry;
    if (job?.error) return <Failure {...failureWords(job.error)} />;
    return <p class="card-status">{job && endedWords(job.state)}</p>;
  }
  return (
    <div class="card-status">
      <p>{stageWords(stage, entry)}</p>
      <HatchBar label={`Progress of ${name}`} share={knownShare(stage)} />
    </div>
  );
}

/** The share of the current stage that is done, 0..1; null if it is not known. */
function knownShare(stage: CardStage): number | null {
  if (stage.kind === 'uploading') return stage.share;
  if (stage.kind === 'processing') return stage.download?.share ?? null;
  return stage.kind === 'waiting' && (stage.what === 'upload' || stage.what === 'held') ? 0 : null;
}

function Failure({ summary, detail }: { summary: string; detail: string | null }) {
  return (
    <div class="card-status failed">
      <p>
        <Icon name="alert" />
        {summary}
      </p>
      {detail && (
        <p class="card-status-detail">
          <WordsWithCommand text={detail} />
        </p>
      )}
    </div>
  );
}

function stageWords(stage: CardStage, { operation, job }: GalleryEntry): string {
  switch (stage.kind) {
    case 'uploading':
      return stage.interrupted
        ? `Connection lost at ${formatShare(stage.share)}. Trying again …`
        : `Uploading ${formatShare(stage.share)}`;
    case 'waiting':
      if (stage.what === 'upload') return 'Upload starts soon';
      if (stage.what === 'held') return 'Many uploads at once: goes on by itself shortly';
      if (stage.what === 'arrival') return 'Uploaded. Waiting for its turn';
      return job?.class === 'bulk' ? 'Part of a large batch: waits without hurry' : 'Waiting for its turn';
    case 'processing':
      if (stage.download) return downloadWords(stage.download.share);
      return `${activityOf(operation)}${job?.class === 'bulk' ? ', part of a large batch' : ''} …`;
    case 'done':
      return 'Done';
    case 'upload-failed':
    case 'ended':
      return 'Failed';
    default:
      return stage satisfies never;
  }
}
