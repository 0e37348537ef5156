import { readFile } from 'node:fs/promises';
import { PermanentError } from '@spillway/core/errors.ts';
import {
  collectGarbage,
  createLibheif,
  type Libheif,
  type MemoryLimit,
  type Pointer,
} from './heic-library.ts';
import { layOutTiff } from './heic-tiff.ts';

/** What the container says of its primary picture; no pixel is decoded for it. */
export interface HeicHeader {
  /** Pixels as a person sees it: cropped, turned and mirrored as the container says. */
  width: number;
  height: number;
  /** Pixels as they are stored, before cropping and turning. */
  storedWidth: number;
  storedHeight: number;
  /** Pictures that stand by themselves: no tiles, thumbnails, masks or depth maps. */
  pictures: number;
}

/** Constants of libheif's headers. */
const rgbSpace = 1;
const interleavedRgb = 10;
const interleavedRgba = 11;
const interleavedChannel = 10;
const unsupportedErrors = [3, 4, 11];
const securityLimitExceeded = 1000;
const iccProfiles = [fourCharacters('prof'), fourCharacters('rICC')];
const nclxProfile = fourCharacters('nclx');
/** Colour primaries of Display P3 (SMPTE EG 432-1). */
const p3Primaries = 12;

/** Offsets in `heif_security_limits` and `heif_color_profile_nclx`, whose beginnings never change. */
const maxImagePixelsAt = 8;
const primariesAt = 4;

/** A larger profile is ignored: those of cameras and printers have 0.5 to 2,000 KB. */
const maxProfileBytes = 4 * 1024 * 1024;

/** What libheif may take whatever the picture; it starts with 17 MB. */
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
 * Decodes the primary picture into an uncompressed TIFF of 8-bit RGB or RGBA with the source's colour profile, cropped,
 * turned and mirrored as the container says. An EXIF orientation beside that is a copy for old programs (HEIF,
 * ISO/IEC 23008-12, says to ignore it) and is left behind. What is missing is noticed, but not all that is damaged:
 * the HEVC decoder draws over broken data without a word.
 *
 * 10 bits become 8 without tone mapping: a picture in HLG or PQ comes out flat. libheif-js leaves out HEVC's deblocking
 * and SAO filters, which shows at low qualities only.
 * libheif 1.23 refuses a picture that its container crops strongly as too large (libheif #1856): it holds what it must
 * decode against what is left, plus 64 pixels a side.
 *
 * @param p3Profile Profile for a source that names Display P3 by number and brings none.
 * @throws PermanentError `corrupt_image`, `unsupported_type` or `image_too_large`.
 */
export async function decodeHeic(
  image: { path: string; width: number; height: number; maxPixels: number },
  p3Profile: Uint8Array,
): Promise<Buffer<ArrayBuffer>> {
  const file = await readFile(image.path);
  const memory = { bytes: baseMemory + file.length };
  const decoded = usingLibheif(memory, (lib) => {
    const { handle } = openPrimary(lib, file, image.maxPixels);
    memory.bytes += storedPixels(lib, handle) * memoryPerPixel;
    const profile = profileOf(lib, handle, p3Profile);
    const channels = lib._heif_image_handle_has_alpha_channel(handle) ? 4 : 3;
    const picture = decode(lib, handle, channels);
    const { width, height } = image;
    if (picture.width !== width || picture.height !== height) throw new PermanentError('corrupt_image');
    const { file: tiff, pixelsAt } = layOutTiff({ width, height, channels, profile });
    copyRows(lib, picture, tiff.subarray(pixelsAt), width * channels);
    const isPremultiplied = channels === 4 && lib._heif_image_handle_is_premultiplied_alpha(handle) !== 0;
    if (isPremultiplied) divideByAlpha(tiff.subarray(pixelsAt));
    return tiff;
  });
  collectGarbage();
  return decoded;
}

/** Nothing is freed one by one: the whole memory goes with the library. */
function usingLibheif<Result>(memory: MemoryLimit, task: (lib: Libheif) => Result): Result {
  const lib = createLibheif(memory);
  try {
    return task(lib);
  } catch (error) {
    if (error instanceof PermanentError) throw error;
    // WebAssembly that traps or aborts: a file that led libheif astray.
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

function profileOf(lib: Libheif, handle: Pointer, p3Profile: Uint8Array): Uint8Array | null {
  const type = lib._heif_image_handle_get_color_profile_type(handle);
  if (type === nclxProfile) {
    const nclx = pointerFrom(lib, (error, out) =>
      lib._heif_image_handle_get_nclx_color_profile(error, handle, out),
    );
    return viewOf(lib).getUint32(nclx + primariesAt, true) === p3Primaries ? p3Profile : null;
  }
  if (!iccProfiles.includes(type)) return null;
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
}

function decode(lib: Libheif, handle: Pointer, channels: 3 | 4): DecodedPlane {
  const chroma = channels === 4 ? interleavedRgba : interleavedRgb;
  const image = pointerFrom(lib, (error, out) =>
    lib._heif_decode_image(error, handle, out, rgbSpace, chroma, 0),
  );
  const stride = allocate(lib, 4);
  const at = lib._heif_image_get_plane_readonly2(image, interleavedChannel, stride);
  return {
    at,
    width: lib._heif_image_get_width(image, interleavedChannel),
    height: lib._heif_image_get_height(image, interleavedChannel),
    stride: viewOf(lib).getUint32(stride, true),
  };
}

function copyRows(
  lib: Libheif,
  { at, height, stride }: DecodedPlane,
  target: Buffer,
  rowBytes: number,
): void {
  for (let row = 0; row < height; row++) {
    const start = at + row * stride;
    target.set(lib.HEAPU8.subarray(start, start + rowBytes), row * rowBytes);
  }
}

/** Undoes colours multiplied by their alpha, in place. */
function divideByAlpha(rgba: Buffer): void {
  for (let at = 0; at < rgba.length; at += 4) {
    const alpha = rgba[at + 3] ?? 0;
    if (alpha === 0 || alpha === 255) continue;
    for (let channel = at; channel < at + 3; channel++) {
      rgba[channel] = Math.min(255, Math.round(((rgba[channel] ?? 0) * 255) / alpha));
    }
  }
}

/** Calls what answers with a `heif_error`, and throws it as ours where it is one. */
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
  // Its memory is measured out for what the header claims: needing more means that the header is wrong.
  return new PermanentError('corrupt_image', undefined, options);
}

/** The address that a call writes where it is told to. */
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

/** Made anew every time: the buffer moves when the memory grows. */
function viewOf(lib: Libheif): DataView {
  return new DataView(lib.HEAPU8.buffer);
}

function fourCharacters(text: string): number {
  return Buffer.from(text, 'latin1').readUInt32BE();
}
