import { PermanentError, RetryableError } from '@spillway/core/errors.ts';
import sharp, { type Sharp, type SharpOptions } from 'sharp';
import { decodeHeic } from './heic.ts';
import type { CheckedImage } from './input-gate.ts';
import type { Samples } from './samples.ts';

/**
 * Loaders of the accepted formats, from files only. libvips has many more (SVG, PDF, TIFF files, its own format that
 * names other files), each with a parser that a stranger's file must never reach. The one of TIFFs in memory is there
 * for those that we write ourselves of a HEIC's pixels.
 */
const acceptedLoaders = [
  'VipsForeignLoadJpegFile',
  'VipsForeignLoadPngFile',
  'VipsForeignLoadWebpFile',
  'VipsForeignLoadHeifFile',
  'VipsForeignLoadNsgifFile',
  'VipsForeignLoadTiffBuffer',
];

/** sharp's own ceiling on one pipeline, seconds. The parent's time limit is the one that counts; this one frees threads. */
const pipelineSeconds = 300;

/** Settles sharp for a process that decodes strangers' files. Called once, before the first picture. */
export function restrictSharp(threads: number): void {
  // Jobs never see the same file twice, so that libvips's cache of operations would only hold memory.
  sharp.cache(false);
  sharp.concurrency(threads);
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: acceptedLoaders });
}

/**
 * Opens the first frame of a picture, undecoded. `maxPixels` is false where only its header will be read.
 *
 * `failOn: 'error'` refuses what is truncated or broken, in every format. The stricter 'warning' would also refuse
 * what libjpeg only remarks on, such as the invalid scan parameters that some telephones write and stray bytes before
 * a marker: pictures that every viewer shows. The price is that a JPEG with a damaged spot but a proper end is drawn
 * with that spot.
 */
export function openImage(path: string, maxPixels: number | false): Sharp {
  return open(path, maxPixels);
}

/**
 * Opens the first frame of a checked picture, not yet upright (`autoOrient()` makes it so) and not yet in sRGB. Only
 * a HEIC is decoded here already, by libheif, which turns it too.
 * @throws PermanentError where a HEIC is damaged.
 */
export async function openPicture(image: CheckedImage): Promise<Sharp> {
  if (image.type !== 'heic') return openImage(image.path, image.maxPixels);
  return open(await decodeHeic(image, await displayP3Profile()), image.maxPixels);
}

function open(source: string | Buffer, maxPixels: number | false): Sharp {
  const options: SharpOptions = {
    failOn: 'error',
    limitInputPixels: maxPixels,
    pages: 1,
    sequentialRead: true,
  };
  return sharp(source, options).timeout({ seconds: pipelineSeconds });
}

let p3Profile: Promise<Uint8Array> | undefined;

/** libvips's own profile of Display P3, which it hands out inside of pictures only. */
function displayP3Profile(): Promise<Uint8Array> {
  p3Profile ??= readP3Profile();
  return p3Profile;
}

async function readP3Profile(): Promise<Uint8Array> {
  const jpeg = await sharp({ create: { width: 1, height: 1, channels: 3, background: '#000' } })
    .withIccProfile('p3')
    .jpeg()
    .toBuffer();
  // A JPEG segment: its length in two bytes, a name of 12, the number of this part and of all parts, the profile.
  const name = jpeg.indexOf('ICC_PROFILE\0', 'latin1');
  const length = jpeg.readUInt16BE(name - 2);
  return jpeg.subarray(name + 14, name - 2 + length);
}

/**
 * What a pipeline gives, in 8-bit sRGB (16-bit, grey, palette and CMYK sources and embedded ICC profiles converted).
 * @throws PermanentError `corrupt_image`.
 */
export async function samplesOf(pipeline: Sharp): Promise<Samples> {
  try {
    const { data, info } = await pipeline
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height, channels: info.channels };
  } catch (error) {
    throw decodeFailure(error);
  }
}

/**
 * Red, green and blue of the picture as a person sees it: upright by its EXIF orientation, transparency on white.
 * @throws PermanentError `corrupt_image`.
 */
export async function decodeRgb(image: CheckedImage): Promise<Samples> {
  const picture = await openPicture(image);
  return await samplesOf(picture.autoOrient().flatten({ background: '#ffffff' }));
}

/** What an error of sharp's decoding means for the job. */
export function decodeFailure(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  if (message.startsWith('timeout')) {
    return new RetryableError('processing_timeout', 'The picture took longer than the time limit.', {
      cause: error,
    });
  }
  if (message.includes('out of memory')) {
    return new RetryableError('out_of_memory', 'The picture needed more memory than the limit.', {
      cause: error,
    });
  }
  return new PermanentError('corrupt_image', undefined, { cause: error });
}
