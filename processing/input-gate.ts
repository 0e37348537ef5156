import { readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { PermanentError } from '@spillway/core/errors.ts';
import { sizeRefusal } from '@spillway/core/file-size.ts';
import { dimensionRefusal } from '@spillway/core/picture-limits.ts';
import { labelsOf, type PictureType, pictureTypeNames, pictureTypes } from '@spillway/core/picture-types.ts';
import type { Metadata } from 'sharp';
import type { CheckedImage, Decoded } from './checked-image.ts';
import { surveyGif } from './containers/gif.ts';
import { samplesOfTracks, surveyHeif } from './containers/heif.ts';
import { surveyJpeg } from './containers/jpeg.ts';
import { kindOf } from './containers/kinds.ts';
import { surveyPng } from './containers/png.ts';
import { stillAvif } from './containers/still-avif.ts';
import { BrokenStructure, ForeignKind, type Survey } from './containers/survey.ts';
import { surveyWebp, wholeChunksOfWebp } from './containers/webp.ts';
import { decodeFailure, openImage } from './decode.ts';
import { freeMemory } from './free-memory.ts';
import { readHeicHeader } from './heic.ts';
import { readHeifCoding } from './heic-coding.ts';
import { incomplete, mostMissing } from './incomplete.ts';
import type { InputLimits } from './input-limits.ts';
import { decodedOf, decoderBytesPerPixel } from './memory-estimate.ts';

/** The planned work on a picture, as far as the gate needs it. */
export interface PlannedWork {
  /** Types that the operation takes. */
  accepts: readonly PictureType[];
  /** As `ImageOperation.bytesPerPixel`, with the options settled. */
  bytesPerPixel(decoded: Decoded): number;
  /** Path for a copy, to be removed by the caller. */
  copyPath: string;
}

interface Size {
  width: number;
  height: number;
}

/**
 * Checks a file before it is decoded: size, content type on the allow-list, sides, aspect, pixels, frames, passes, and
 * the memory that it would take. All of that is read from the structure of the file, without a decoder. The decoder's
 * view of the header is checked last.
 * @throws PermanentError `empty_file`, `file_too_large`, `unsupported_type`, `corrupt_image`, `image_too_large`
 * or `aspect_too_extreme`, with a message for the person who sent it.
 */
export async function checkInput(
  path: string,
  limits: InputLimits,
  work: PlannedWork = { accepts: pictureTypeNames, bytesPerPixel: () => 0, copyPath: `${path}.copy` },
): Promise<CheckedImage> {
  checkSize(path, limits);
  // Within the call: a child has nothing else to do, and a thread for each step costs more than a small file.
  const bytes = readFileSync(path);
  const type = await typeOf(path, bytes);
  if (!work.accepts.includes(type)) throw unaccepted(type, work);
  const { decodable, survey } = await openContainer(path, type, bytes, work);
  freeMemory(bytes);
  if (survey) checkSurvey(type, survey, limits, work);
  const failOn = strictness(type);
  const { width, height } =
    type === 'heic' ? await checkHeic(path, limits) : await checkHeader(decodable, type, failOn, limits);
  return {
    path: decodable,
    type,
    width,
    height,
    maxPixels: limits.maxPixels,
    shrinkable: type === 'jpeg' && survey?.whole === false,
    failOn,
    missing: survey?.missing ?? 0,
  };
}

function strictness(type: PictureType): CheckedImage['failOn'] {
  // libjpeg draws over missing data and only warns.
  if (type === 'jpeg') return 'warning';
  // libnsgif requires every frame to be whole. We need only the first.
  return type === 'gif' ? 'none' : 'error';
}

function checkSize(path: string, limits: InputLimits): void {
  const { size } = statSync(path);
  const refusal = sizeRefusal(size, limits.maxBytes);
  if (refusal) throw new PermanentError(refusal.code, refusal.message);
}

const accepted = `Pictures that can be worked on are ${labelsOf(pictureTypeNames)}.`;

async function typeOf(path: string, bytes: Buffer): Promise<PictureType> {
  const kind = await kindOf(bytes);
  if (kind.kind === 'other') throw foreign(kind.name);
  const { type } = kind;
  if (type !== 'avif' && type !== 'heic') return type;
  // AVIF and HEIC share a container, and each may be labelled as the other.
  switch (await readHeifCoding(path)) {
    case 'hevc':
      return 'heic';
    case 'av1':
      return 'avif';
    default:
      return type;
  }
}

function unaccepted(type: PictureType, { accepts }: PlannedWork): PermanentError {
  const message = `The file is ${pictureTypes[type].label}, and this operation takes ${labelsOf(accepts)}.`;
  return new PermanentError('unsupported_type', message);
}

function foreign(name: string): PermanentError {
  return new PermanentError('unsupported_type', `The file is ${name}. ${accepted}`);
}

async function surveyOf(path: string, type: PictureType, bytes: Buffer): Promise<Survey | null> {
  try {
    switch (type) {
      case 'jpeg':
        return surveyJpeg(bytes);
      case 'png':
        return surveyPng(bytes);
      case 'webp':
        return surveyWebp(bytes);
      case 'gif':
        return surveyGif(bytes);
      case 'avif':
      case 'heic':
        return await surveyHeif(path, bytes);
      default:
        return type satisfies never;
    }
  } catch (error) {
    if (error instanceof ForeignKind) throw foreign(`${error.message}, which cannot be read here`);
    if (!(error instanceof BrokenStructure)) throw error;
    const message = 'The file is damaged, or ends before it says what its picture is.';
    throw new PermanentError('corrupt_image', message, { cause: error });
  }
}

function checkSurvey(type: PictureType, survey: Survey, limits: InputLimits, work: PlannedWork): void {
  checkDimensions(survey, limits);
  checkFrames(survey, limits);
  checkPasses(survey, limits);
  checkMemory(type, survey, limits, work);
  // Only a GIF's decoder draws an incomplete picture.
  const tolerated = type === 'gif' ? mostMissing : 0;
  if (survey.missing > tolerated) throw incomplete(survey.missing);
}

/** A file that libvips reads, and the survey of it. */
async function openContainer(path: string, type: PictureType, bytes: Buffer, work: PlannedWork) {
  if (type === 'avif') return await openAvif(path, bytes, work);
  const survey = await surveyOf(path, type, bytes);
  const whole = type === 'webp' && survey?.missing === 0 ? wholeChunksOfWebp(bytes) : null;
  if (!whole) return { decodable: path, survey };
  await writeFile(work.copyPath, whole);
  return { decodable: work.copyPath, survey };
}

/**
 * libvips recognises an AVIF only if its first brand is `avif`. An animated one becomes a still of its first frame.
 */
async function openAvif(path: string, bytes: Buffer, { copyPath }: PlannedWork) {
  const survey = await surveyOf(path, 'avif', bytes);
  if (survey && bytes.toString('latin1', 8, 12) === 'avif') return { decodable: path, survey };
  const still = stillAvif(bytes, survey !== null);
  if (!still) return { decodable: path, survey };
  await writeFile(copyPath, still);
  const ofStill = survey ?? (await surveyOf(copyPath, 'avif', still));
  // The frames are in the track, which the still does not have.
  const frames = Math.max(ofStill?.frames ?? 1, samplesOfTracks(bytes));
  return { decodable: copyPath, survey: ofStill && { ...ofStill, frames } };
}

async function checkHeic(path: string, limits: InputLimits): Promise<Size> {
  const { width, height, storedWidth, storedHeight, pictures } = await readHeicHeader(path);
  checkDimensions({ width: storedWidth, height: storedHeight }, limits);
  checkFrames({ frames: pictures }, limits);
  // Cropping may leave a very thin picture.
  checkDimensions({ width, height }, limits);
  return { width, height };
}

/** Checks the decoder's view of the header. */
async function checkHeader(
  path: string,
  type: PictureType,
  failOn: CheckedImage['failOn'],
  limits: InputLimits,
): Promise<Size> {
  const metadata = await readHeader(path, failOn === 'none' ? 'none' : 'error');
  const format: string = metadata.format === 'heif' ? 'avif' : metadata.format;
  if (format !== type) throw new PermanentError('unsupported_type');
  checkDimensions(metadata, limits);
  checkFrames({ frames: metadata.pages ?? 1 }, limits);
  return metadata.autoOrient;
}

async function readHeader(path: string, failOn: CheckedImage['failOn']): Promise<Metadata> {
  try {
    // sharp would call a picture over its limit unreadable. checkDimensions says what is wrong.
    return await openImage(path, false, failOn).metadata();
  } catch (error) {
    throw decodeFailure(error);
  }
}

function checkDimensions(size: Size, limits: InputLimits): void {
  const refusal = dimensionRefusal(size, limits);
  if (refusal) throw new PermanentError(refusal.code, refusal.message);
}

function checkFrames({ frames }: { frames: number }, { maxPages }: InputLimits): void {
  if (frames <= maxPages) return;
  throw new PermanentError('image_too_large', `The picture has ${frames} frames; the limit is ${maxPages}.`);
}

function checkPasses({ width, height, passes }: Survey, { maxPassPixels }: InputLimits): void {
  const most = Math.max(1, Math.floor(maxPassPixels / (width * height)));
  if (passes <= most) return;
  throw new PermanentError(
    'image_too_large',
    `${measure({ width, height })}, coded in ${passes} passes; for that size the limit is ${most}.`,
  );
}

function checkMemory(type: PictureType, survey: Survey, limits: InputLimits, work: PlannedWork): void {
  const { width, height } = survey;
  const decoded = decodedOf(type, survey);
  // The decoder has ended when the operation needs the most memory.
  const perPixel = Math.max(
    decoderBytesPerPixel(type, survey) + decoded.channels,
    work.bytesPerPixel(decoded),
  );
  if (width * height * perPixel <= limits.maxMemory) return;
  const most = megapixels(limits.maxMemory / perPixel);
  throw new PermanentError(
    'image_too_large',
    `${measure(survey)}; as ${nameOf(type, survey)}, with these options, no more than ${most} megapixels fit into memory.`,
  );
}

function nameOf(type: PictureType, { depth, whole, channels }: Survey): string {
  switch (type) {
    case 'jpeg':
      return whole ? 'a progressive JPEG' : 'a JPEG';
    case 'png':
      return whole ? 'an interlaced PNG' : 'a PNG';
    case 'webp':
      return channels === 4 ? 'a WebP without loss or with transparency' : 'a WebP';
    case 'gif':
      return 'a GIF';
    case 'avif':
      return depth > 8 ? `an AVIF with ${depth} bits a sample` : 'an AVIF';
    case 'heic':
      return depth > 8 ? `a HEIC with ${depth} bits a sample` : 'a HEIC';
    default:
      return type satisfies never;
  }
}

function measure({ width, height }: Size): string {
  return `The picture has ${width} x ${height} pixels`;
}

function megapixels(pixels: number): string {
  return Math.floor(pixels / 1e6).toString();
}
