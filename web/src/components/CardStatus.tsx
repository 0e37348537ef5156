import { formatShare } from '../format/count.ts';
import { formatDuration } from '../format/duration.ts';
import { type CardStage, type GalleryEntry, stageOf } from '../jobs/gallery.ts';
import { activityOf, endedWords, failureWords } from '../jobs/words.ts';
import { HatchBar } from './HatchBar.tsx';
import { Icon } from './Icon.tsx';

/** How far an entry has come, in words and, while something moves, as a bar. */
export function CardStatus({ entry, name }: { entry: GalleryEntry; name: string }) {
  const stage = stageOf(entry);
  if (stage.kind === 'done') {
    const { timings } = entry.job ?? {};
    return (
      <p class="card-status done">
        <Icon name="check" />
        Done{timings ? ` in ${formatDuration(timings.totalMs)}` : ''}
      </p>
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
      <p>{stageWords(stage, entry.operation)}</p>
      <HatchBar
        label={`Progress of ${name}`}
        share={
          stage.kind === 'uploading'
            ? stage.share
            : stage.kind === 'waiting' && stage.what === 'upload'
              ? 0
              : null
        }
      />
    </div>
  );
}

function Failure({ summary, detail }: { summary: string; detail: string | null }) {
  return (
    <div class="card-status failed">
      <p>
        <Icon name="alert" />
        {summary}
      </p>
      {detail && <p class="card-status-detail">{detail}</p>}
    </div>
  );
}

function stageWords(stage: CardStage, operation: string): string {
  switch (stage.kind) {
    case 'uploading':
      return stage.interrupted
        ? `Connection lost at ${formatShare(stage.share)}. Trying again …`
        : `Uploading ${formatShare(stage.share)}`;
    case 'waiting':
      if (stage.what === 'upload') return 'Upload starts soon';
      return stage.what === 'arrival' ? 'Uploaded. Waiting for its turn' : 'Waiting for its turn';
    case 'processing':
      return `${activityOf(operation)} …`;
    case 'done':
      return 'Done';
    case 'upload-failed':
    case 'ended':
      return 'Failed';
    default:
      return stage satisfies never;
  }
}
