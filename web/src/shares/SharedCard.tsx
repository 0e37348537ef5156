import { isTerminal } from '@spillway/core/job.ts';
import type { SharedJob } from '@spillway/web/api/schema.ts';
import { useEffect, useState } from 'preact/hooks';
import { z } from 'zod';
import { Icon } from '../components/Icon.tsx';
import { requestText } from '../http/request.ts';
import { resultLabel, resultOf } from '../jobs/words.ts';
import type { SharedPicture } from './shared-batch.ts';

interface SharedCardProps {
  /** Id of the link. */
  share: string;
  picture: SharedPicture;
}

/** One picture: the original, and what was made of it. */
export function SharedCard({ share, picture }: SharedCardProps) {
  const { name, results } = picture;
  return (
    <article class="shared-card" aria-label={name}>
      <h2 title={name}>{name}</h2>
      <div class="shared-results">
        <Original share={share} picture={picture} />
        {results.map((job) => (
          <SharedResult key={job.id} share={share} job={job} />
        ))}
      </div>
    </article>
  );
}

const fileUrl = (share: string, job: SharedJob, what: string) =>
  `/api/v1/shared/${share}/jobs/${job.id}/${what}`;

/** Addresses of a picture for an `img`: thumbnails where there are some, else the whole file. */
function addressOf(share: string, job: SharedJob, of: 'result' | 'source') {
  const widths = job.thumbnails.filter((each) => each.of === of).map(({ width }) => width);
  if (widths.length === 0) return { src: fileUrl(share, job, of) };
  const thumbnail = (width: number) => fileUrl(share, job, `thumbnail?of=${of}&width=${width}`);
  return { src: thumbnail(320), srcset: `${thumbnail(320)} 320w, ${thumbnail(640)} 640w`, sizes: '20rem' };
}

function Original({ share, picture: { name, results } }: SharedCardProps) {
  const job = results.find(({ thumbnails }) => thumbnails.some(({ of }) => of === 'source')) ?? results[0];
  // A file that is no picture has no original to show.
  if (!job || job.error?.code === 'unsupported_type') return null;
  return (
    <figure>
      <a href={fileUrl(share, job, 'source')} target="_blank" rel="noreferrer">
        <img
          {...addressOf(share, job, 'source')}
          alt={`Original of ${name}`}
          loading="lazy"
          decoding="async"
        />
      </a>
      <figcaption>Original</figcaption>
    </figure>
  );
}

function SharedResult({ share, job }: { share: string; job: SharedJob }) {
  const label = resultLabel(job.operation);
  if (job.state === 'failed')
    return <p class="shared-failed">{`${label}: ${job.error?.message ?? 'It failed.'}`}</p>;
  if (!isTerminal(job.state)) return <p class="shared-open">{label} in the making …</p>;
  if (job.state !== 'succeeded' || !job.result) return null;
  const url = fileUrl(share, job, 'result');
  const download = (
    <a href={`${url}?download`} download class="shared-download">
      <Icon name="download" />
      <span class="visually-hidden">Download: {resultOf(job.operation, job.name)}</span>
    </a>
  );
  if (!job.result.contentType.startsWith('image/')) {
    return (
      <div class="shared-words">
        <SharedWords path={`/shared/${share}/jobs/${job.id}/result`} />
        {download}
      </div>
    );
  }
  return (
    <figure>
      <a href={url} target="_blank" rel="noreferrer" class="see-through">
        <img
          {...addressOf(share, job, 'result')}
          alt={resultOf(job.operation, job.name)}
          loading="lazy"
          decoding="async"
        />
      </a>
      <figcaption>
        {label}
        {download}
      </figcaption>
    </figure>
  );
}

const captionSchema = z.object({ caption: z.string() });

/** A result that is words. */
function SharedWords({ path }: { path: string }) {
  const [words, setWords] = useState<string | null>(null);
  useEffect(() => {
    const leaving = new AbortController();
    requestText(path, { signal: leaving.signal }).then(
      (reply) => setWords(reply.ok ? wordsIn(reply.value) : reply.failure.message),
      () => {},
    );
    return () => leaving.abort();
  }, [path]);
  return <blockquote>{words ?? '…'}</blockquote>;
}

function wordsIn(text: string): string {
  try {
    const read = captionSchema.safeParse(JSON.parse(text));
    return read.success ? read.data.caption : text;
  } catch {
    return text;
  }
}
