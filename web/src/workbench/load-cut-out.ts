import type { JobView } from '@spillway/web/api/schema.ts';
import type { Picture } from '../batches/batch.ts';
import { sourceUrl } from '../jobs/job-actions.ts';
import type { CutOutSource } from './cut-out-preview.ts';
import type { Size } from './view-geometry.ts';

/** Pixels of a preview: as many as a change of an option can be drawn with before the next frames. */
const mostPixels = 600_000;
/** A larger file comes from the bucket itself, whose pixels a page may show but not read. */
const largestFromSite = 8 * 2 ** 20;

/**
 * Loads what a preview is drawn from: the picture and its mask, at the preview's size.
 * @returns Null where the job has no mask, or the browser cannot read the picture.
 */
export async function loadCutOut(
  picture: Picture,
  { id, result }: JobView,
  signal: AbortSignal,
): Promise<CutOutSource | null> {
  if (!result?.mask) return null;
  const { size, scale } = previewSize(result);
  const [pixels, mask] = await Promise.all([
    firstReadable(originals(picture, id, signal), size),
    readPixels(fetchBlob(`/api/v1/jobs/${encodeURIComponent(id)}/mask`, signal), size),
  ]);
  if (!pixels || !mask) return null;
  const data = Uint8Array.from({ length: size.width * size.height }, (_, at) => mask[at * 4] as number);
  return { pixels, mask: { ...size, data }, scale };
}

export function previewSize({ width, height }: Size): { size: Size; scale: number } {
  const scale = Math.min(1, Math.sqrt(mostPixels / (width * height)));
  const along = (length: number) => Math.max(1, Math.round(length * scale));
  return { size: { width: along(width), height: along(height) }, scale };
}

/** Where the picture can be had, the best first. */
function originals(picture: Picture, jobId: string, signal: AbortSignal): (() => Promise<Blob>)[] {
  const { upload, size } = picture;
  const thumbnail = `/api/v1/jobs/${encodeURIComponent(jobId)}/thumbnail?of=source&width=640`;
  return [
    ...(upload ? [async () => upload.file] : []),
    ...(size <= largestFromSite ? [() => fetchBlob(sourceUrl(jobId), signal)] : []),
    () => fetchBlob(thumbnail, signal),
  ];
}

async function firstReadable(
  sources: (() => Promise<Blob>)[],
  size: Size,
): Promise<Uint8ClampedArray | null> {
  for (const source of sources) {
    const pixels = await readPixels(source(), size);
    if (pixels) return pixels;
  }
  return null;
}

/** Null for what is not there, or is no picture that this browser shows. */
async function readPixels(blob: Promise<Blob>, { width, height }: Size): Promise<Uint8ClampedArray | null> {
  const resize = { resizeWidth: width, resizeHeight: height, resizeQuality: 'high' } as const;
  try {
    const bitmap = await createImageBitmap(await blob, resize);
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width, height });
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context?.drawImage(bitmap, 0, 0);
    bitmap.close();
    return context?.getImageData(0, 0, width, height).data ?? null;
  } catch (problem) {
    if (problem instanceof DOMException && problem.name === 'AbortError') throw problem;
    return null;
  }
}

class NotThere extends Error {
  override readonly name = 'NotThere';
}

async function fetchBlob(url: string, signal: AbortSignal): Promise<Blob> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new NotThere(`${url} answered ${response.status}.`);
  return response.blob();
}
