import { readFile } from 'node:fs/promises';
import { PermanentError } from '@spillway/core/errors.ts';
import type { CheckedImage } from './checked-image.ts';
import { readJpeg } from './containers/jpeg.ts';
import { missingOfJpeg } from './containers/jpeg-extent.ts';
import { missingOfPng } from './containers/png.ts';

/**
 * The share of a picture that may be missing. The rule is the same for every format. A file without its end mark is
 * whole. A small missing part at the end is drawn over, with a note, if the decoder can do that (JPEG, PNG, GIF). A
 * picture that lacks more is refused, with the share that is missing.
 */
export const mostMissing = 0.05;

/**
 * Decides whether a picture that its decoder gave up on is decoded all the same.
 * @returns the picture, to be decoded less strictly.
 * @param error The meaning of the decoder's failure for the job.
 * @throws `error`, or a PermanentError that says how much of the picture is missing.
 */
export async function tolerate(image: CheckedImage, error: unknown): Promise<CheckedImage> {
  if (!(error instanceof PermanentError) || error.code !== 'corrupt_image') throw error;
  const bytes = await readFile(image.path);
  switch (image.type) {
    case 'jpeg': {
      const structure = readJpeg(bytes);
      // The extent of arithmetic codes is not known here: a warning of libjpeg may mean that most of them are missing.
      const missing = structure.huffman ? missingOfJpeg(bytes, structure) : null;
      // With a proper end, every viewer shows a picture that libjpeg warns of (damaged spots, odd scan parameters).
      return judge(image, missing, structure.hasEnd ? 'error' : 'none', error);
    }
    case 'png':
      return judge(image, await missingOfPng(bytes), 'none', error);
    case 'gif':
    case 'webp':
    case 'avif':
    case 'heic':
      // The structure of these shows what is missing, and the gate has checked it.
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

/** The notes for a person about a picture that is incomplete. */
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
