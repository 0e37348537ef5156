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
 * `failOn: 'error'` refuses what is truncated or broken, in every format but JPEG: where a JPEG has a proper end, what
 * it lacks before that is drawn in grey. 'warning' also refuses what libjpeg only remarks on, such as that, but also the
 * invalid scan parameters that some telephones write and stray bytes before a marker: pictures that every viewer
 * shows. `incomplete.ts` tells the two apart.
 */
export function openImage(
  path: string,
  maxPixels: number | false,
  failOn: CheckedImage['failOn'] = 'error',
): Sharp {
  return open(path, maxPixels, { failOn });
}

/** A picture in sRGB: undecoded and not yet upright, or all of its samples, upright. */
type SrgbPicture = { kind: 'pipeline'; picture: Sharp } | { kind: 'samples'; samples: Samples };

/**
 * Sees to it that what comes out of a picture is sRGB: the one place where colours are converted.
 *
 * libvips converts what has an ICC profile on its way (lcms), and ignores a profile that is broken or does not fit, as
 * browsers do. Numbers (CICP) and PNG's gamma and chromaticities mean nothing to it: pictures that have them are decoded
 * here already. So is a HEIC, by libheif.
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
 * @throws PermanentError where a picture that is decoded at once is damaged.
 */
export async function openPicture(image: CheckedImage): Promise<Sharp> {
  const source = await inSrgb(image);
  return source.kind === 'samples' ? openRaw(source.samples) : source.picture;
}

/**
 * All of a picture's first frame, upright and in sRGB: 3 channels, or 4 where it has transparency.
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
 * sharp applies the profile of 16 bits to Display P3 and takes the outcome for sRGB, and that of grey ones not at all.
 * So samples are brought to 8 bits first.
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
 * Pixels of the largest picture whose 16 bits are converted as they are (192 MB with alpha). Larger ones are brought to
 * 8 bits first, as all of their result is: up to 2 levels less exact in HDR, and 6 in the dark of linear light.
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
  // libvips gives 10 and 12 bits as the upper ones of 16.
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
 * What a pipeline gives, in 8-bit sRGB (16-bit, grey, palette and CMYK sources and embedded ICC profiles converted).
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

/** What an error of sharp's decoding means for the job. */
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
