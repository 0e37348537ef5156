import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** An address in the memory of libheif; 0 is none. */
export type Pointer = number;

/**
 * The part of libheif's C interface that is used here. A function that returns a struct writes it to its first
 * argument.
 */
export interface Libheif {
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): Pointer;
  _free(block: Pointer): void;
  _heif_context_alloc(): Pointer;
  _heif_context_free(context: Pointer): void;
  _heif_context_get_security_limits(context: Pointer): Pointer;
  _heif_context_read_from_memory_without_copy(
    error: Pointer,
    context: Pointer,
    file: Pointer,
    bytes: number,
    options: Pointer,
  ): void;
  _heif_context_get_number_of_top_level_images(context: Pointer): number;
  _heif_context_get_primary_image_handle(error: Pointer, context: Pointer, handle: Pointer): void;
  _heif_image_handle_release(handle: Pointer): void;
  _heif_image_handle_get_width(handle: Pointer): number;
  _heif_image_handle_get_height(handle: Pointer): number;
  _heif_image_handle_get_ispe_width(handle: Pointer): number;
  _heif_image_handle_get_ispe_height(handle: Pointer): number;
  _heif_image_handle_get_luma_bits_per_pixel(handle: Pointer): number;
  _heif_image_handle_has_alpha_channel(handle: Pointer): number;
  _heif_image_handle_is_premultiplied_alpha(handle: Pointer): number;
  _heif_image_handle_get_color_profile_type(handle: Pointer): number;
  _heif_image_handle_get_raw_color_profile_size(handle: Pointer): number;
  _heif_image_handle_get_raw_color_profile(error: Pointer, handle: Pointer, bytes: Pointer): void;
  _heif_image_handle_get_nclx_color_profile(error: Pointer, handle: Pointer, profile: Pointer): void;
  _heif_nclx_color_profile_free(profile: Pointer): void;
  _heif_decode_image(
    error: Pointer,
    handle: Pointer,
    image: Pointer,
    colourSpace: number,
    chroma: number,
    options: Pointer,
  ): void;
  _heif_image_release(image: Pointer): void;
  _heif_image_get_width(image: Pointer, channel: number): number;
  _heif_image_get_height(image: Pointer, channel: number): number;
  _heif_image_get_bits_per_pixel_range(image: Pointer, channel: number): number;
  _heif_image_get_plane_readonly2(image: Pointer, channel: number, stride: Pointer): Pointer;
}

type Instantiate = (
  imports: WebAssembly.Imports,
  receive: (instance: WebAssembly.Instance) => void,
) => WebAssembly.Exports;

type LibheifFactory = (settings: {
  /** Unused, because `instantiateWasm` is given. Without it Emscripten would search for the file. */
  wasmBinary: Uint8Array;
  instantiateWasm: Instantiate;
  print(line: string): void;
  printErr(line: string): void;
}) => Libheif;

const pageBytes = 65_536;

interface Loaded {
  create: LibheifFactory;
  module: WebAssembly.Module;
}
/**
 * Module state, because it is code: compiled once in a process, at the first picture that needs it, and changed by
 * none. Most children never see such a picture.
 */
let loaded: Loaded | undefined;

function load(): Loaded {
  const require = createRequire(import.meta.url);
  const wasm = readFileSync(require.resolve('libheif-js/libheif-wasm/libheif.wasm'));
  return {
    create: require('libheif-js/libheif-wasm/libheif.js') as LibheifFactory,
    module: new WebAssembly.Module(wasm),
  };
}

/** Bytes that the memory of a libheif may have; may be changed while it is in use. */
export interface MemoryLimit {
  bytes: number;
}

/**
 * A new instance of libheif, with a memory that cannot grow above the limit. Every picture gets one (about 10 ms),
 * because WebAssembly memory never shrinks, and because damage by one file must not affect the next.
 */
export function createLibheif(limit: MemoryLimit): Libheif {
  loaded ??= load();
  const { create, module } = loaded;
  return create({
    wasmBinary: new Uint8Array(),
    instantiateWasm(imports, receive) {
      const instance = new WebAssembly.Instance(module, imports);
      capMemory(instance, limit);
      receive(instance);
      return instance.exports;
    },
    print: () => {},
    printErr: () => {},
  });
}

/**
 * Emscripten grows its memory through this object and treats an exception as a refusal: malloc then returns NULL, and
 * libheif ends with an error. libheif's own limits do not count the HEVC decoder's allocations.
 */
function capMemory({ exports }: WebAssembly.Instance, limit: MemoryLimit): void {
  const memory = Object.values(exports).find((value) => value instanceof WebAssembly.Memory);
  if (!memory) throw new Error('libheif exports no memory.');
  const grow = memory.grow.bind(memory);
  memory.grow = (pages) => {
    if (memory.buffer.byteLength + pages * pageBytes > limit.bytes)
      throw new RangeError('Over the memory limit.');
    return grow(pages);
  };
}

/** Module state, because V8 has one garbage collector in a process. */
let collect: (() => void) | undefined;

/**
 * Frees the memory of unused libraries at once (15 to 30 ms). V8 would keep it until the next picture of the same kind:
 * 300 MB for a picture of 48 megapixels, while the operation itself needs memory.
 */
export function collectGarbage(): void {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
}
