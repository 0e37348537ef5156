import type { JobView } from '@spillway/web/api/schema.ts';
import { useState } from 'preact/hooks';
import { sourceUrl } from '../jobs/job-actions.ts';

/** Bytes: a larger original is not fetched for a small picture of it. */
const mostBytes = 4_000_000;

/** A small picture of what was uploaded: its thumbnail, or the original where there is none and it is not large. */
export function JobPicture({ job }: { job: JobView }) {
  const [isBroken, setBroken] = useState(false);
  const address = pictureOf(job);
  if (address === null || isBroken) return <span class="no-picture" aria-hidden="true" />;
  return (
    <img
      class="job-picture"
      src={address}
      alt=""
      loading="lazy"
      decoding="async"
      onError={() => setBroken(true)}
    />
  );
}

function pictureOf({ id, result, source }: JobView): string | null {
  if (result?.thumbnails?.parts.some(({ of }) => of === 'source')) {
    return `/api/v1/jobs/${encodeURIComponent(id)}/thumbnail?of=source&width=320`;
  }
  return source.size > 0 && source.size <= mostBytes ? sourceUrl(id) : null;
}
