import { thumbnailWidths } from '@spillway/core/job.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { resultUrl } from '../jobs/job-actions.ts';
import type { Picture } from './batch.ts';

/** Addresses of one picture for an `img`, from which the browser takes the size that it needs. */
export interface PictureAddress {
  src: string;
  srcset?: string;
}

/** A job's result: its thumbnails, or the whole file where it has none. */
export function resultAddress(job: JobView): PictureAddress {
  return thumbnailAddress(job, 'result') ?? { src: resultUrl(job.id) };
}

/**
 * A picture's original: the file on this page, or thumbnails that were made with some result of it. Null where neither
 * is there: the uploaded file itself is large, and may be no picture at all.
 */
export function originalAddress({ upload, results }: Picture): PictureAddress | null {
  if (upload) return { src: upload.preview };
  for (const { runs } of results) {
    for (const job of runs) {
      const address = thumbnailAddress(job, 'source');
      if (address) return address;
    }
  }
  return null;
}

function thumbnailAddress({ id, result }: JobView, of: 'result' | 'source'): PictureAddress | null {
  const parts = result?.thumbnails?.parts.filter((part) => part.of === of) ?? [];
  const candidates = thumbnailWidths.slice(0, parts.length).map((width, place) => ({
    url: `/api/v1/jobs/${encodeURIComponent(id)}/thumbnail?of=${of}&width=${width}`,
    width: parts[place]?.width ?? width,
  }));
  const smallest = candidates[0];
  if (!smallest) return null;
  return { src: smallest.url, srcset: candidates.map(({ url, width }) => `${url} ${width}w`).join(', ') };
}
