import { messageOf, PermanentError, RetryableError } from '@spillway/core/errors.ts';
import { nativeMachineErrorOf } from '@spillway/core/machine-lack.ts';
import sharp, { type Metadata, type OutputInfo, type Sharp, type SharpOptions } from 'sharp';
import type { CheckedImage } from './checked-image.ts';
import type { CodedColours } from './colour/code-points.ts';
import type { ColourTag } from './colour/colour-tag.ts';
import { readAvifColours } from './colour/heif-colours.ts';
import { readPngColours } from './colour/png-colours.ts';
import { convertToSrgb, srgbConversion } from './colour/to-srgb.ts';
import { freeMemory } from './free-memory.ts';
import { decodeHeic } from './heic.ts';
import { openRaw, type Samples } from './samples.ts';

/**
 * Loaders of the accepted formats, from files only. libvips has many more (SVG, PDF, TIFF files, its own format that
 * names other files), each with a parser that a stranger's file must never reach. TIFFs are only loaded from memory: we
 * make them ourselves from the pixels of a HEIC.
 */
const acceptedLoaders = [
  'VipsForeignLoadJpegFile',
  'VipsForeignLoadPngFile',
  'VipsForeignLoadWebpFile',
  'VipsForeignLoadHeifFile',
  'VipsForeignLoadNsgifFile',
  'VipsForeignLoadTiffBuffer',
];

/** sharp's time limit for one pipeline, in seconds. The parent's limit is the decisive one; this one frees threads. */
const pipelineSeconds = 300;

/** Configures sharp for a process that decodes strangers' files. Call it once, before the first picture. */
export function restrictSharp(threads: number): void {
  // Jobs never see the same file twice, so libvips's cache of operations would only use memory.
  sharp.cache(false);
  sharp.concurrency(threads);
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: acceptedLoaders });
}

/**
 * Opens the first frame of a picture without decoding it. `maxPixels` is false if only its header will be read.
 *
 * `failOn: 'error'` refuses truncated or broken files, except for JPEG: missing parts of a JPEG with a proper end are
 * drawn in grey. 'warning' refuses those too, but also files that every viewer shows, with invalid scan parameters
 * (some telephones write them) or stray bytes before a marker. `incomplete.ts` tells the two apart.
 */
export function openImage(
  path: string,
  maxPixels: number | false,
  failOn: CheckedImage['failOn'] = 'error',
): Sharp {
  return open(path, maxPixels, { failOn });
}

/** A picture in sRGB: either not decoded and not upright yet, or all of its samples, upright. */
type SrgbPicture = { kind: 'pipeline'; picture: Sharp } | { kind: 'samples'; samples: Samples };

/**
 * Makes a picture sRGB. This is the only place where colours are converted.
 *
 * libvips converts pictures with an ICC profile (by lcms), and ignores a profile that is broken or does not fit, as
 * browsers do. It does not know colours by numbers (CICP) or PNG's gamma and chromaticities: such pictures are decoded
 * here. So is a HEIC, by libheif.
 */
async function inSrgb(image: CheckedImage): Promise<SrgbPicture> {
  if (image.type === 'heic') {
    return { kind: 'pipeline', picture: open(await decodeHeic(image), image.maxPixels) };
  }
  const tag = await readColours(image);
  switch (tag.kind) {
    case 'srgb':
      return {
        kind: 'pipeline',
        picture: open(image.path, image.maxPixels, { ignoreIcc: true, failOn: image.failOn }),
      };
    case 'profile':
      return { kind: 'pipeline', picture: await openProfiled(image) };
    case 'coded':
      return { kind: 'samples', samples: await decodeCoded(image, tag.colours) };
    default:
      return tag satisfies never;
  }
}

/**
 * Opens the first frame of a checked picture, in sRGB and not yet upright (`autoOrient()` makes it so).
 * @throws PermanentError if a picture that is decoded here is damaged.
 */
export async function openPicture(image: CheckedImage): Promise<Sharp> {
  const source = await inSrgb(image);
  return source.kind === 'samples' ? openRaw(source.samples) : source.picture;
}

/**
 * The whole first frame of a picture, upright and in sRGB: 3 channels, or 4 with transparency.
 * @throws PermanentError `corrupt_image`.
 */
export async function decodeUpright(image: CheckedImage): Promise<Samples> {
  const source = await inSrgb(image);
  return source.kind === 'samples' ? source.samples : await samplesOf(source.picture.autoOrient());
}

async function readColours({ path, type }: CheckedImage): Promise<ColourTag> {
  switch (type) {
    case 'png':
      return await readPngColours(path);
    case 'avif':
    case 'heic':
      return await readAvifColours(path);
    case 'jpeg':
    case 'webp':
    case 'gif':
      return { kind: 'profile' };
    default:
      return type satisfies never;
  }
}

/**
 * sharp takes the converted colours of 16-bit pictures for sRGB although they are Display P3, and does not convert grey
 * ones. So the samples are reduced to 8 bits first.
 */
async function openProfiled({ path, maxPixels, type, failOn }: CheckedImage): Promise<Sharp> {
  const picture = openImage(path, maxPixels, failOn);
  if (type === 'jpeg' || type === 'webp' || type === 'gif') return picture;
  const { space } = await metadataOf(picture);
  if (space === 'rgb16') return picture.pipelineColourspace('srgb');
  if (space === 'grey16') return picture.pipelineColourspace('b-w');
  return picture;
}

/**
 * Pixels of the largest picture that is converted with 16 bits (192 MB with alpha). Larger ones are reduced to 8 bits
 * first, which costs up to 2 levels of accuracy in HDR, and 6 in the dark of linear light.
 */
const maxDeepPixels = 24_000_000;

/** Upright and in sRGB. */
async function decodeCoded(
  { path, maxPixels, failOn }: CheckedImage,
  colours: CodedColours,
): Promise<Samples> {
  const picture = open(path, maxPixels, { ignoreIcc: true, failOn });
  const { depth, bitsPerSample = 16, width: storedWidth, height: storedHeight } = await metadataOf(picture);
  const isDeep = depth === 'ushort' && storedWidth * storedHeight <= maxDeepPixels;
  // libvips returns 10 and 12 bits as the upper bits of 16.
  const maximum = isDeep ? 65_536 - 2 ** (16 - bitsPerSample) : 255;
  const { data, info } = await bytesOf(picture.autoOrient().toColourspace(isDeep ? 'rgb16' : 'srgb'), isDeep);
  const { width, height, channels } = info;
  const levels = isDeep ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2) : data;
  const converted = data.subarray(0, levels.length);
  convertToSrgb(levels, converted, channels, srgbConversion(colours, maximum));
  return { data: converted, width, height, channels };
}

async function metadataOf(picture: Sharp): Promise<Metadata> {
  try {
    return await picture.metadata();
  } catch (error) {
    throw decodeFailure(error);
  }
}

function open(source: string | Buffer, maxPixels: number | false, more: SharpOptions = {}): Sharp {
  const options: SharpOptions = {
    failOn: 'error',
    limitInputPixels: maxPixels,
    pages: 1,
    sequentialRead: true,
    ...more,
  };
  return sharp(source, options).timeout({ seconds: pipelineSeconds });
}

/**
 * The output of a pipeline in 8-bit sRGB. 16-bit, grey, palette and CMYK sources and ICC profiles are converted.
 * @throws PermanentError `corrupt_image`.
 */
export async function samplesOf(pipeline: Sharp): Promise<Samples> {
  const { data, info } = await bytesOf(pipeline.toColourspace('srgb'), false);
  return { data, width: info.width, height: info.height, channels: info.channels };
}

/** Raw samples of 8 or 16 bits. */
async function bytesOf(pipeline: Sharp, isDeep: boolean): Promise<{ data: Buffer; info: OutputInfo }> {
  try {
    return await pipeline.raw({ depth: isDeep ? 'ushort' : 'uchar' }).toBuffer({ resolveWithObject: true });
  } catch (error) {
    throw decodeFailure(error);
  }
}

/**
 * Red, green and blue of the picture as a person sees it: upright by its EXIF orientation, transparency on white.
 * @throws PermanentError `corrupt_image`.
 */
export async function decodeRgb(image: CheckedImage): Promise<Samples> {
  const onWhite = { background: '#ffffff' };
  const source = await inSrgb(image);
  if (source.kind === 'pipeline') return await samplesOf(source.picture.autoOrient().flatten(onWhite));
  const { samples } = source;
  if (samples.channels === 3) return samples;
  const flattened = await samplesOf(openRaw(samples).flatten(onWhite));
  freeMemory(samples.data);
  return flattened;
}

/** The meaning of a decoding error of sharp for the job. */
export function decodeFailure(error: unknown): Error {
  const fault = nativeMachineErrorOf(error);
  if (fault) return fault;
  const message = messageOf(error);
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
