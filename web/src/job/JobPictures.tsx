import { formatBytes } from '@spillway/core/amounts.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { useState } from 'preact/hooks';
import { Icon } from '../components/Icon.tsx';
import { resultUrl, sourceUrl } from '../jobs/job-actions.ts';
import { useWords } from '../jobs/result-words.ts';
import { resultLabel } from '../jobs/words.ts';

/** Larger files are only linked to: the page shows one at a time, and has no thumbnail of it. Bytes. */
const largestShown = 12 * 2 ** 20;
/** What browsers draw. */
const drawn = /^image\/(jpeg|png|webp|gif|avif)$/;

/** The source of a job beside its result, with links to the whole files. */
export function JobPictures({ job }: { job: JobView }) {
  const { result, source, state } = job;
  // A file is known to be a picture once it was worked on: nothing is asked for that the server would refuse.
  const isShown =
    state === 'succeeded' && source.size <= largestShown && drawn.test(source.contentType ?? '');
  const ofSource = thumbnailUrl(job, 'source') ?? (isShown ? sourceUrl(job.id) : null);
  const ofResult =
    thumbnailUrl(job, 'result') ??
    (result && result.size <= largestShown && drawn.test(result.contentType) ? resultUrl(job.id) : null);
  const isWords = result !== null && !result.contentType.startsWith('image/');
  return (
    <div class="job-pictures">
      <Picture name="Source" address={ofSource} whole={sourceUrl(job.id)} bytes={source.size} />
      {result && isWords && <Words job={job} />}
      {result && !isWords && (
        <Picture
          name={resultLabel(job.operation)}
          address={ofResult}
          whole={resultUrl(job.id)}
          bytes={result.size}
        />
      )}
    </div>
  );
}

/** Null where the job has no thumbnail of it. */
function thumbnailUrl({ id, result }: JobView, of: 'source' | 'result'): string | null {
  const parts = result?.thumbnails?.parts.filter((part) => part.of === of) ?? [];
  return parts.length === 0 ? null : `/api/v1/jobs/${encodeURIComponent(id)}/thumbnail?of=${of}&width=640`;
}

interface PictureProps {
  name: string;
  /** Null where there is nothing that a browser draws at once. */
  address: string | null;
  whole: string;
  bytes: number;
}

function Picture({ name, address, whole, bytes }: PictureProps) {
  const [isBroken, setBroken] = useState(false);
  return (
    <figure class="job-picture">
      {address !== null && !isBroken ? (
        <img src={address} alt={name} loading="lazy" decoding="async" onError={() => setBroken(true)} />
      ) : (
        <p class="job-picture-none">
          <Icon name="picture" />
          No preview
        </p>
      )}
      <figcaption>
        <strong>{name}</strong>
        <a href={whole} target="_blank" rel="noreferrer">
          Open, {formatBytes(bytes)}
        </a>
      </figcaption>
    </figure>
  );
}

function Words({ job }: { job: JobView }) {
  const loaded = useWords(job);
  return (
    <figure class="job-picture">
      <blockquote class={loaded.kind === 'loading' ? 'skeleton' : ''}>
        {loaded.kind === 'loaded' && loaded.words.text}
        {loaded.kind === 'failed' && loaded.message}
      </blockquote>
      <figcaption>
        <strong>{resultLabel(job.operation)}</strong>
        <a href={resultUrl(job.id)} target="_blank" rel="noreferrer">
          Open
        </a>
      </figcaption>
    </figure>
  );
}
