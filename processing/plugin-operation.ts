import { MachineError, PermanentError, RetryableError } from '@spillway/core/errors.ts';
import { machineErrorOf } from '@spillway/core/machine-lack.ts';
import type { OperationManifest, PictureProduct } from '@spillway/core/operations/operation.ts';
import type { OperationOptions } from '@spillway/core/operations.ts';
import { extensionOf, type PictureExtension, type PictureFormat } from '@spillway/core/picture-types.ts';
import { addPlugins, importDefault, type Plugin, PluginError } from '@spillway/plugins/load.ts';
import type { Sharp } from 'sharp';
import type { CheckedImage } from './checked-image.ts';
import { isAllocationFailure } from './child-failure.ts';
import { decodeUpright } from './decode.ts';
import { chooseFormat } from './encoders.ts';
import { freeMemory } from './free-memory.ts';
import type { ImageOperation, ImageOperations, OperationContext, OperationOutput } from './operation.ts';
import { PluginFault } from './plugin-fault.ts';
import type { PluginImplementation, PluginWork } from './plugin-implementation.ts';
import { encodePng } from './png.ts';
import { openRaw, type Samples, webpEffort, webpQuality } from './samples.ts';

const jpegQuality = 90;
/** RGB with transparency, and what a pipeline of sharp adds. */
const assumedBytesPerPixel = 4;

type Implementation = PluginImplementation<OperationOptions, OperationManifest['produces']>;

/**
 * Adds plug-ins to the registry of this process and loads their implementations.
 * @throws PluginError where one of them cannot be used.
 */
export async function loadPluginOperations(modules: readonly string[]): Promise<ImageOperations> {
  const plugins = await addPlugins(modules);
  const operations = plugins.map(
    async (plugin) =>
      [plugin.manifest.name, operationOf(plugin.manifest, await implementationOf(plugin))] as const,
  );
  return Object.fromEntries(await Promise.all(operations));
}

async function implementationOf({ manifest, module }: Plugin): Promise<Implementation> {
  const exported = await importDefault(manifest.implementation?.href ?? module);
  if (isImplementation(exported)) return exported;
  throw new PluginError(
    `The default export of ${manifest.implementation} is no implementation: make it with defineImplementation(manifest, { make(work) { … } }).`,
  );
}

function isImplementation(value: unknown): value is Implementation {
  return value !== null && typeof value === 'object' && 'make' in value && typeof value.make === 'function';
}

/** A plug-in as an operation like the built-in ones. What its code throws is its own fault (`PluginFault`). */
export function operationOf(
  manifest: OperationManifest,
  implementation: Implementation,
): ImageOperation<OperationOptions> {
  return {
    warmUpRuns: 1,
    loadedModels: () => [],
    bytesPerPixel: (_options, { channels }) =>
      channels + (implementation.bytesPerPixel ?? assumedBytesPerPixel),
    async make(image, options, context) {
      const notes: string[] = [];
      const opened: Samples[] = [];
      try {
        const made = await blamed(manifest, async () =>
          implementation.make(workOf(image, options, context, notes, opened)),
        );
        const file = await blamed(manifest, () => resultFile(manifest, made, options, image));
        return { ...file, model: null, inferenceMs: null, notes: [...notes, ...file.notes] };
      } finally {
        for (const { data } of opened) freeMemory(data);
      }
    },
  };
}

function workOf(
  image: CheckedImage,
  options: OperationOptions,
  { models, threads }: OperationContext,
  notes: string[],
  opened: Samples[],
): PluginWork<OperationOptions> {
  const { width, height, type, path } = image;
  return {
    picture: {
      width,
      height,
      type,
      path,
      async open() {
        const samples = await decodeUpright(image);
        opened.push(samples);
        return openRaw(samples);
      },
    },
    options,
    models,
    threads,
    note: (sentence) => void notes.push(String(sentence)),
    refuse(sentence) {
      throw new PermanentError('unprocessable', String(sentence));
    },
  };
}

/** Says of what a plug-in's code throws whose fault it is. What Spillway itself threw on its behalf keeps its class. */
async function blamed<Result>(manifest: OperationManifest, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw isNoFaultOf(error) ? error : new PluginFault(manifest.name, error);
  }
}

function isNoFaultOf(error: unknown): boolean {
  if (error instanceof PermanentError || error instanceof RetryableError) return true;
  if (error instanceof MachineError || error instanceof PluginFault || isAllocationFailure(error))
    return true;
  return isOfSystem(error) && machineErrorOf(error) !== null;
}

/** Whether the system made the error: a code alone may be the plug-in's own choice, or a service's. */
function isOfSystem(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && 'syscall' in error;
}

type ResultFile = Pick<OperationOutput, 'bytes' | 'extension' | 'width' | 'height' | 'notes'>;

async function resultFile(
  { produces }: OperationManifest,
  made: unknown,
  options: OperationOptions,
  { width, height }: CheckedImage,
): Promise<ResultFile> {
  switch (produces.kind) {
    case 'picture':
      if (!isPipeline(made)) throw new TypeError('It returned no pipeline of sharp.');
      return await encode(made, wantedFormat(produces, options));
    case 'text':
      if (typeof made !== 'string') throw new TypeError('It returned no text.');
      return { bytes: Buffer.from(made.toWellFormed()), extension: 'txt', width, height, notes: [] };
    case 'json': {
      const value = produces.schema ? produces.schema.parse(made) : made;
      const text = JSON.stringify(value, null, 2);
      if (text === undefined) throw new TypeError('It returned nothing that JSON can hold.');
      return { bytes: Buffer.from(`${text}\n`), extension: 'json', width, height, notes: [] };
    }
    default:
      return produces satisfies never;
  }
}

/** A plug-in may have a copy of sharp of its own, so that its class says nothing. */
function isPipeline(value: unknown): value is Sharp {
  return (
    value !== null && typeof value === 'object' && 'toBuffer' in value && typeof value.toBuffer === 'function'
  );
}

function wantedFormat({ formats }: PictureProduct, { format }: OperationOptions): PictureFormat {
  return formats.find((one) => one === format) ?? formats[0];
}

async function encode(pipeline: Sharp, format: PictureFormat): Promise<ResultFile> {
  const { data, info } = await pipeline
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const alpha = channels === 4;
  const { extension, notes } = chooseFormat(extensionOf(format), { width, height, alpha });
  const bytes = await encodeAs(extension, { data, width, height, channels });
  freeMemory(data);
  return { bytes, extension, width, height, notes };
}

async function encodeAs(extension: PictureExtension, picture: Samples): Promise<Uint8Array> {
  switch (extension) {
    case 'png':
      return await encodePng(rowsOf(picture));
    case 'jpg':
      return await openRaw(picture).jpeg({ quality: jpegQuality }).toBuffer();
    case 'webp':
      return await openRaw(picture).webp({ quality: webpQuality, effort: webpEffort }).toBuffer();
    default:
      return extension satisfies never;
  }
}

function rowsOf({ data, width, height, channels }: Samples) {
  const line = width * channels;
  return {
    width,
    height,
    channels: channels as 1 | 3 | 4,
    writeRow: (row: number, target: Uint8Array, start: number) => {
      target.set(data.subarray(row * line, (row + 1) * line), start);
    },
  };
}
