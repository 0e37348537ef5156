import { readFile } from 'node:fs/promises';
import { PermanentError } from '@spillway/core/errors.ts';
import type { CheckedImage } from './checked-image.ts';
import { readJpeg } from './containers/jpeg.ts';
import { missingOfJpeg } from './containers/jpeg-extent.ts';
import { missingOfPng } from './containers/png.ts';

/**
 * What may be missing of a picture, as a share of it. One rule for every format: a file that only lacks the mark at its
 * end is whole, a sliver at the end of a picture is drawn over with a note where its decoder can do that (JPEG, PNG,
 * GIF), and whatever lacks more is refused by how much it lacks.
 */
export const mostMissing = 0.05;

/**
 * Looks into what a decoder gave up at: whether the picture is to be decoded all the same.
 * @returns the picture, to be decoded with less strictness.
 * @param error What the decoder's failure means for the job.
 * @throws `error`, or a PermanentError that says how much of the picture is missing.
 */
export async function tolerate(image: CheckedImage, error: unknown): Promise<CheckedImage> {
  if (!(error instanceof PermanentError) || error.code !== 'corrupt_image') throw error;
  const bytes = await readFile(image.path);
  switch (image.type) {
    case 'jpeg': {
      const structure = readJpeg(bytes);
      // How far arithmetic codes reach is not known here: what libjpeg remarks on there may be a lack of most of them.
      const missing = structure.huffman ? missingOfJpeg(bytes, structure) : null;
      // With a proper end, what libjpeg remarks on beside that (damaged spots, odd scan parameters) is shown by every
      // viewer.
      return judge(image, missing, structure.hasEnd ? 'error' : 'none', error);
    }
    case 'png':
      return judge(image, await missingOfPng(bytes), 'none', error);
    case 'gif':
    case 'webp':
    case 'avif':
    case 'heic':
      // What is missing of these their structure tells: the gate has seen to it.
      throw error;
    default:
      return image.type satisfies never;
  }
}

function judge(
  image: CheckedImage,
  missing: number | null,
  failOnWhenWhole: CheckedImage['failOn'],
  error: PermanentError,
): CheckedImage {
  if (missing === null) throw error;
  if (missing > mostMissing) throw incomplete(missing, error);
  return { ...image, failOn: missing === 0 ? failOnWhenWhole : 'none', missing };
}

/** What a person is told of a picture that was made all the same. */
export function notesOnMissing({ missing }: CheckedImage): string[] {
  return missing === 0 ? [] : [`The file ends too early: ${share(missing)} of the picture is missing.`];
}

/** @param missing Share of the picture, 0..1. */
export function incomplete(missing: number, cause?: unknown): PermanentError {
  const options = cause === undefined ? undefined : { cause };
  return new PermanentError(
    'corrupt_image',
    `The file is incomplete: ${share(missing)} of the picture is missing.`,
    options,
  );
}

function share(missing: number): string {
  if (missing >= 1) return 'all';
  if (missing < 0.01) return 'less than 1 %';
  return `${Math.min(99, Math.round(missing * 100))} %`;
}
