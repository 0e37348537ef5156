import { formatBytes } from '@spillway/core/amounts.ts';
import { resultContentTypes } from '@spillway/core/picture-types.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { useState } from 'preact/hooks';
import { displayName } from '../format/file-name.ts';
import type { Reply } from '../http/request.ts';
import { deletionWords } from '../jobs/deletion-words.ts';
import { type GalleryEntry, stageOf } from '../jobs/gallery.ts';
import { cancelJob, deleteJob, resultUrl, retryJob, sourceUrl } from '../jobs/job-actions.ts';
import { isRouted } from '../jobs/job-order.ts';
import { resultLook } from '../jobs/result-look.ts';
import { useDeletion } from '../jobs/use-deletion.ts';
import { resultNoun, resultOf } from '../jobs/words.ts';
import { CardStatus } from './CardStatus.tsx';
import { ConfirmButton } from './ConfirmButton.tsx';
import { Icon } from './Icon.tsx';
import { JobResult } from './JobResult.tsx';
import { LargeView } from './LargeView.tsx';
import { OperationName } from './OperationName.tsx';
import { RunDetails } from './RunDetails.tsx';
import { SourcePicture } from './SourcePicture.tsx';

interface ResultCardProps {
  entry: GalleryEntry;
  onRetryUpload(): void;
  /** Called when the entry's jobs are deleted and it must not be shown any more. */
  onGone(): void;
}

/** One picture and one operation, from the upload to the result. The card keeps its size. */
export function ResultCard({ entry, onRetryUpload, onGone }: ResultCardProps) {
  const [large, setLarge] = useState(false);
  const [busy, setBusy] = useState(false);
  const files = useDeletion();
  const [problem, setProblem] = useState<string | null>(null);
  const { job, upload } = entry;
  const stage = stageOf(entry);
  const name = upload?.file.name ?? displayName(job?.source.name ?? '');
  const size = upload?.file.size ?? job?.source.size ?? 0;
  const preview = upload?.preview ?? null;

  const act = async (action: () => Promise<Reply<null>>): Promise<boolean> => {
    setBusy(true);
    setProblem(null);
    const reply = await action();
    setBusy(false);
    if (!reply.ok) setProblem(reply.failure.message);
    return reply.ok;
  };
  const remove = async () => {
    for (const run of entry.runs) if (!(await act(() => deleteJob(run.id)))) return;
    onGone();
  };

  return (
    <article class={`card ${stage.kind}`} aria-label={resultOf(entry.operation, name)}>
      <div class="card-frame">
        {job && stage.kind === 'done' ? (
          <JobResult job={job} preview={preview} />
        ) : (
          <SourcePicture
            source={preview ?? (job ? sourceUrl(job.id) : null)}
            name={name}
            alt=""
            className="original"
          />
        )}
        {stage.kind === 'processing' && <span class="drawing-over" aria-hidden="true" />}
      </div>
      <div class="card-body">
        <h3 class="card-name" title={name}>
          {name}
        </h3>
        <p class="card-meta">
          <OperationName operation={entry.operation} /> · {formatBytes(size)}
        </p>
        <CardStatus entry={entry} name={name} />
        <div class="card-actions" aria-busy={busy}>
          {stage.kind === 'done' && job && (
            <>
              <a class="button" href={`${resultUrl(job.id)}?download`} download>
                <Icon name="download" />
                {resultLook(job).kind === 'words' ? (
                  <>
                    <span class="visually-hidden">
                      Download the {resultNoun(entry.operation)} of {name} as{' '}
                    </span>
                    {job.result?.contentType === resultContentTypes.json ? 'JSON' : 'Text'}
                  </>
                ) : (
                  <>
                    Download<span class="visually-hidden"> {name}</span>
                  </>
                )}
              </a>
              <button type="button" class="button quiet" onClick={() => setLarge(true)}>
                <Icon name="enlarge" />
                <span class="short">Enlarge</span>
                <span class="visually-hidden"> {name}</span>
              </button>
            </>
          )}
          {job && isRetryable(job) && (
            <button
              type="button"
              class="button"
              disabled={busy}
              onClick={() => void act(() => retryJob(job.id))}
            >
              <Icon name="retry" />
              Retry<span class="visually-hidden"> {name}</span>
            </button>
          )}
          {(stage.kind === 'processing' || (stage.kind === 'waiting' && stage.what === 'turn')) && job && (
            <button
              type="button"
              class="button quiet"
              disabled={busy}
              onClick={() => void act(() => cancelJob(job.id))}
            >
              <Icon name="close" />
              Cancel<span class="visually-hidden"> {name}</span>
            </button>
          )}
          {upload && !job && (stage.kind === 'uploading' || stage.kind === 'waiting') && (
            <button
              type="button"
              class="button quiet"
              hidden={upload.phase.value.kind === 'sent'}
              onClick={() => upload.cancel()}
            >
              <Icon name="close" />
              Cancel<span class="visually-hidden"> the upload of {name}</span>
            </button>
          )}
          {stage.kind === 'upload-failed' && (
            <>
              {stage.retryable && (
                <button type="button" class="button" onClick={onRetryUpload}>
                  <Icon name="retry" />
                  Retry<span class="visually-hidden"> the upload of {name}</span>
                </button>
              )}
              <button type="button" class="button quiet" onClick={onGone}>
                <Icon name="close" />
                Remove<span class="visually-hidden"> {name}</span>
              </button>
            </>
          )}
          {job && (stage.kind === 'done' || stage.kind === 'ended') && (
            <ConfirmButton
              label="Delete"
              confirm={deletionWords(files)}
              subject={name}
              icon="trash"
              onConfirm={() => void remove()}
            />
          )}
        </div>
        {problem && (
          <p class="card-problem" role="alert">
            {problem}
          </p>
        )}
        {job && isRouted(job) && <RunDetails job={job} />}
      </div>
      {large && job && <LargeView job={job} preview={preview} onClose={() => setLarge(false)} />}
    </article>
  );
}

/** Whether a retry can help. The server refuses other retries. */
function isRetryable(job: JobView): boolean {
  if (job.state === 'cancelled') return true;
  // The model may have been installed since then.
  return job.state === 'failed' && (job.error?.retryable === true || job.error?.code === 'model_missing');
}
