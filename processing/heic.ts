import { readFile } from 'node:fs/promises';
import { PermanentError } from '@spillway/core/errors.ts';
import { isAllocationFailure } from './child-failure.ts';
import { codedColours } from './colour/code-points.ts';
import { type ColourTag, codedTag } from './colour/colour-tag.ts';
import { convertToSrgb, srgbConversion } from './colour/to-srgb.ts';
import {
  collectGarbage,
  createLibheif,
  type Libheif,
  type MemoryLimit,
  type Pointer,
} from './heic-library.ts';
import { layOutTiff } from './heic-tiff.ts';

/** The container's facts about its primary picture. No pixel is decoded for them. */
export interface HeicHeader {
  /** Pixels as a person sees it: cropped, turned and mirrored as the container says. */
  width: number;
  height: number;
  /** Pixels as they are stored, before cropping and turning. */
  storedWidth: number;
  storedHeight: number;
  /** Number of independent pictures: no tiles, thumbnails, masks or depth maps. */
  pictures: number;
}

/** Constants of libheif's headers. */
const rgbSpace = 1;
const interleavedRgb = 10;
const interleavedRgba = 11;
const interleavedDeepRgb = 14;
const interleavedDeepRgba = 15;
const interleavedChannel = 10;
const unsupportedErrors = [3, 4, 11];
const securityLimitExceeded = 1000;
const iccProfiles = [fourCharacters('prof'), fourCharacters('rICC')];
const nclxProfile = fourCharacters('nclx');

/** Offsets in `heif_security_limits` and `heif_color_profile_nclx`, whose beginnings never change. */
const maxImagePixelsAt = 8;
const primariesAt = 4;
const transferAt = 8;

/** A larger profile is ignored. Those of cameras and printers have 0.5 to 2,000 KB. */
const maxProfileBytes = 4 * 1024 * 1024;

/** Memory for libheif itself. It starts with 17 MB. */
const baseMemory = 64 * 1024 * 1024;
/**
 * Bytes a pixel that decoding may take: planes of the decoder and of libheif (6 each for 10 bits without subsampling),
 * the RGB made of them at 16 bits (8) and at 8 bits (4).
 */
const memoryPerPixel = 24;

/**
 * Reads the container of a HEIC file.
 * @throws PermanentError `corrupt_image`, `unsupported_type` or `image_too_large`.
 */
export async function readHeicHeader(path: string): Promise<HeicHeader> {
  const file = await readFile(path);
  return usingLibheif({ bytes: baseMemory + file.length }, (lib) => {
    // No pixel is decoded here, and the gate says by how much a picture is too large.
    const { context, handle } = openPrimary(lib, file, Number.MAX_SAFE_INTEGER);
    const header = {
      // libheif answers with signed numbers; above 2^31 some of them are 0.
      width: lib._heif_image_handle_get_width(handle) >>> 0,
      height: lib._heif_image_handle_get_height(handle) >>> 0,
      storedWidth: lib._heif_image_handle_get_ispe_width(handle) >>> 0,
      storedHeight: lib._heif_image_handle_get_ispe_height(handle) >>> 0,
      pictures: lib._heif_context_get_number_of_top_level_images(context),
    };
    if (Object.values(header).includes(0)) throw new PermanentError('corrupt_image');
    return header;
  });
}

/**
 * Decodes the primary picture into an uncompressed TIFF of 8-bit RGB or RGBA, cropped, turned and mirrored as the
 * container says. It is in sRGB if the source names its colours by numbers, otherwise it has the source's ICC profile.
 * An EXIF orientation is a copy for old programs (ISO/IEC 23008-12 says to ignore it) and is dropped. Missing data is
 * noticed, but not all damage: the HEVC decoder silently draws over broken data.
 *
 * libheif-js omits HEVC's deblocking and SAO filters, which is visible only at low qualities.
 * libheif 1.23 refuses a picture that its container crops strongly as too large (libheif #1856): it holds what it must
 * decode against what is left, plus 64 pixels a side.
 * @throws PermanentError `corrupt_image`, `unsupported_type` or `image_too_large`.
 */
export async function decodeHeic(image: {
  path: string;
  width: number;
  height: number;
  maxPixels: number;
}): Promise<Buffer<ArrayBuffer>> {
  const file = await readFile(image.path);
  const memory = { bytes: baseMemory + file.length };
  const decoded = usingLibheif(memory, (lib) => {
    const { handle } = openPrimary(lib, file, image.maxPixels);
    memory.bytes += storedPixels(lib, handle) * memoryPerPixel;
    const { tag, profile } = coloursOf(lib, handle);
    const channels = lib._heif_image_handle_has_alpha_channel(handle) ? 4 : 3;
    const isPremultiplied = channels === 4 && lib._heif_image_handle_is_premultiplied_alpha(handle) !== 0;
    // Eight bits are enough if colours are not converted.
    const isDeep = tag.kind === 'coded' && lib._heif_image_handle_get_luma_bits_per_pixel(handle) > 8;
    const picture = decode(lib, handle, channels, isDeep);
    const { width, height } = image;
    if (picture.width !== width || picture.height !== height) throw new PermanentError('corrupt_image');
    const { file: tiff, pixelsAt } = layOutTiff({ width, height, channels, profile });
    const conversion = tag.kind === 'coded' ? srgbConversion(tag.colours, picture.maximum) : null;
    for (let row = 0; row < height; row++) {
      const samples = rowOf(lib, picture, row, width * channels);
      if (isPremultiplied) divideByAlpha(samples, picture.maximum);
      const target = tiff.subarray(
        pixelsAt + row * width * channels,
        pixelsAt + (row + 1) * width * channels,
      );
      if (conversion) convertToSrgb(samples, target, channels, conversion);
      else target.set(samples);
    }
    return tiff;
  });
  collectGarbage();
  return decoded;
}

/** Nothing is freed individually: the whole memory is freed with the library. */
function usingLibheif<Result>(memory: MemoryLimit, task: (lib: Libheif) => Result): Result {
  const lib = createLibheif(memory);
  try {
    return task(lib);
  } catch (error) {
    if (error instanceof PermanentError || isAllocationFailure(error)) throw error;
    // WebAssembly trapped or aborted: the file broke libheif.
    throw new PermanentError('corrupt_image', undefined, { cause: error });
  }
}

function openPrimary(lib: Libheif, file: Uint8Array, maxPixels: number) {
  const context = lib._heif_context_alloc();
  const limits = lib._heif_context_get_security_limits(context);
  viewOf(lib).setBigUint64(limits + maxImagePixelsAt, BigInt(maxPixels), true);
  const bytes = copyIn(lib, file);
  check(lib, (error) =>
    lib._heif_context_read_from_memory_without_copy(error, context, bytes, file.length, 0),
  );
  const handle = pointerFrom(lib, (error, out) =>
    lib._heif_context_get_primary_image_handle(error, context, out),
  );
  return { context, handle };
}

function storedPixels(lib: Libheif, handle: Pointer): number {
  return lib._heif_image_handle_get_ispe_width(handle) * lib._heif_image_handle_get_ispe_height(handle);
}

function coloursOf(lib: Libheif, handle: Pointer): { tag: ColourTag; profile: Uint8Array | null } {
  const type = lib._heif_image_handle_get_color_profile_type(handle);
  if (iccProfiles.includes(type)) return { tag: { kind: 'profile' }, profile: profileOf(lib, handle) };
  if (type !== nclxProfile) return { tag: { kind: 'srgb' }, profile: null };
  const nclx = pointerFrom(lib, (error, out) =>
    lib._heif_image_handle_get_nclx_color_profile(error, handle, out),
  );
  const view = viewOf(lib);
  const primaries = view.getUint32(nclx + primariesAt, true);
  const transfer = view.getUint32(nclx + transferAt, true);
  return { tag: codedTag(codedColours(primaries, transfer)), profile: null };
}

function profileOf(lib: Libheif, handle: Pointer): Uint8Array | null {
  const length = lib._heif_image_handle_get_raw_color_profile_size(handle);
  if (length > maxProfileBytes) return null;
  const bytes = allocate(lib, length);
  check(lib, (error) => lib._heif_image_handle_get_raw_color_profile(error, handle, bytes));
  return lib.HEAPU8.slice(bytes, bytes + length);
}

interface DecodedPlane {
  at: Pointer;
  width: number;
  height: number;
  /** Bytes from one row to the next. */
  stride: number;
  /** Two bytes a sample, the lower one first. */
  isDeep: boolean;
  /** The highest level of a sample. */
  maximum: number;
}

function decode(lib: Libheif, handle: Pointer, channels: 3 | 4, isDeep: boolean): DecodedPlane {
  const shallow = channels === 4 ? interleavedRgba : interleavedRgb;
  const deep = channels === 4 ? interleavedDeepRgba : interleavedDeepRgb;
  const image = pointerFrom(lib, (error, out) =>
    lib._heif_decode_image(error, handle, out, rgbSpace, isDeep ? deep : shallow, 0),
  );
  const stride = allocate(lib, 4);
  const at = lib._heif_image_get_plane_readonly2(image, interleavedChannel, stride);
  return {
    at,
    width: lib._heif_image_get_width(image, interleavedChannel),
    height: lib._heif_image_get_height(image, interleavedChannel),
    stride: viewOf(lib).getUint32(stride, true),
    isDeep,
    maximum: 2 ** lib._heif_image_get_bits_per_pixel_range(image, interleavedChannel) - 1,
  };
}

/** The samples of a row, in the memory of libheif. */
function rowOf(lib: Libheif, plane: DecodedPlane, row: number, count: number): Uint8Array | Uint16Array {
  const start = plane.at + row * plane.stride;
  return plane.isDeep
    ? new Uint16Array(lib.HEAPU8.buffer, start, count)
    : lib.HEAPU8.subarray(start, start + count);
}

/** Undoes colours multiplied by their alpha, in place. */
function divideByAlpha(rgba: Uint8Array | Uint16Array, maximum: number): void {
  for (let at = 0; at < rgba.length; at += 4) {
    const alpha = rgba[at + 3] ?? 0;
    if (alpha === 0 || alpha === maximum) continue;
    for (let channel = at; channel < at + 3; channel++) {
      rgba[channel] = Math.min(maximum, Math.round(((rgba[channel] ?? 0) * maximum) / alpha));
    }
  }
}

/** Calls a function that returns a `heif_error`, and throws our own error for it. */
function check(lib: Libheif, call: (error: Pointer) => void): void {
  const error = allocate(lib, 12);
  call(error);
  const code = viewOf(lib).getUint32(error, true);
  if (code === 0) return;
  const detail = viewOf(lib).getUint32(error + 4, true);
  throw failureOf(code, detail);
}

function failureOf(code: number, detail: number): PermanentError {
  const options = { cause: new Error(`libheif: error ${code}, detail ${detail}`) };
  if (detail === securityLimitExceeded) {
    return new PermanentError(
      'image_too_large',
      'The picture, or a part of it, is larger than its header says or than the limit.',
      options,
    );
  }
  if (unsupportedErrors.includes(code)) {
    return new PermanentError(
      'unsupported_type',
      'This kind of HEIC is not supported. Export the picture as a JPEG and send that.',
      options,
    );
  }
  // Its memory is calculated from the header. If it needs more, the header is wrong.
  return new PermanentError('corrupt_image', undefined, options);
}

/** The address that a call writes to its result. */
function pointerFrom(lib: Libheif, call: (error: Pointer, out: Pointer) => void): Pointer {
  const out = allocate(lib, 4);
  viewOf(lib).setUint32(out, 0, true);
  check(lib, (error) => call(error, out));
  const pointer = viewOf(lib).getUint32(out, true);
  if (pointer === 0) throw new PermanentError('corrupt_image');
  return pointer;
}

function copyIn(lib: Libheif, bytes: Uint8Array): Pointer {
  const block = allocate(lib, bytes.length);
  lib.HEAPU8.set(bytes, block);
  return block;
}

function allocate(lib: Libheif, bytes: number): Pointer {
  const block = lib._malloc(bytes);
  if (block === 0) throw new RangeError('libheif is out of memory.');
  return block;
}

/** Created for every access, because the buffer moves when the memory grows. */
function viewOf(lib: Libheif): DataView {
  return new DataView(lib.HEAPU8.buffer);
}

function fourCharacters(text: string): number {
  return Buffer.from(text, 'latin1').readUInt32BE();
}
