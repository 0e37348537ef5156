import { copyFile, mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openCheckpoint } from './checkpoint.ts';
import { expectedTensors } from './expected-tensors.ts';
import { blockSizeFor, quantisedType, quantiseMatrix, scalesOf } from './quantised-matrix.ts';
import type { StoredTensor } from './safetensors.ts';

/**
 * Writes a checkpoint whose linear layers have 8-bit weights, a quarter of the size. `openCheckpoint` reads it like any
 * other. Only one matrix at a time is in memory.
 * @param targetFolder Is created if it is missing. Files in it are replaced.
 * @param onProgress Told the completed share, 0 to 1.
 * @throws PermanentError `model_invalid` if the source is not a checkpoint.
 */
export async function quantiseCheckpoint(
  sourceFolder: string,
  targetFolder: string,
  onProgress: (share: number) => void,
): Promise<void> {
  const { config, weights } = await openCheckpoint(sourceFolder);
  const plan = expectedTensors(config).flatMap(({ name, shape, matrix }) => {
    const source = weights.tensors.get(name) as StoredTensor;
    return planTensor(name, shape, matrix, source);
  });
  await mkdir(targetFolder, { recursive: true });
  await copySmallFiles(sourceFolder, targetFolder);
  await writeTensors(weights.path, join(targetFolder, 'model.safetensors'), plan, onProgress);
}

/** One tensor of the target, or two that are made together. */
interface PlannedTensor {
  source: StoredTensor;
  /** Null: it is copied unchanged. */
  blockSize: number | null;
  targets: { name: string; dtype: string; shape: number[]; length: number }[];
}

const floatBytes = 4;

function planTensor(name: string, shape: number[], matrix: boolean, source: StoredTensor): PlannedTensor[] {
  const [outputs = 1, inputs = 1] = shape;
  const blockSize = matrix && source.dtype === 'F32' ? blockSizeFor(inputs) : null;
  if (blockSize === null) {
    const { dtype, length } = source;
    return [{ source, blockSize, targets: [{ name, dtype, shape: source.shape, length }] }];
  }
  const blocks = inputs / blockSize;
  const length = outputs * inputs;
  const values = { name, dtype: quantisedType, shape: [outputs, blocks, blockSize], length };
  const scaleBytes = outputs * blocks * floatBytes;
  const scales = { name: scalesOf(name), dtype: 'F32', shape: [outputs, blocks], length: scaleBytes };
  return [{ source, blockSize, targets: [scales, values] }];
}

/** All files except weights: config.json, the tokenizer's files and the picture's settings. */
async function copySmallFiles(sourceFolder: string, targetFolder: string): Promise<void> {
  for (const name of await readdir(sourceFolder)) {
    if (/\.(json|txt)$/.test(name)) await copyFile(join(sourceFolder, name), join(targetFolder, name));
  }
}

async function writeTensors(
  sourcePath: string,
  targetPath: string,
  plan: PlannedTensor[],
  onProgress: (share: number) => void,
): Promise<void> {
  await using source = await open(sourcePath);
  await using target = await open(targetPath, 'w');
  await target.appendFile(header(plan));
  const total = plan.reduce((sum, tensor) => sum + tensor.source.length, 0);
  let done = 0;
  for (const { source: place, blockSize } of plan) {
    const bytes = Buffer.from(new ArrayBuffer(place.length));
    await source.read(bytes, 0, place.length, place.offset);
    for (const part of blockSize === null ? [bytes] : quantised(bytes, blockSize))
      await target.appendFile(part);
    done += place.length;
    onProgress(done / total);
  }
  await target.sync();
}

/** Scales come before values. With the larger tensor last in each pair, floats stay aligned. */
function quantised(bytes: Buffer, blockSize: number): Uint8Array[] {
  const matrix = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / floatBytes);
  const { values, scales } = quantiseMatrix(matrix, blockSize);
  return [new Uint8Array(scales.buffer), values];
}

/** In safetensors, the data must begin at a multiple of 8. Spaces after the JSON fill the gap. */
const alignment = 8;

function header(plan: PlannedTensor[]): Buffer {
  const entries: Record<string, object> = { __metadata__: { format: 'pt' } };
  let offset = 0;
  for (const { name, dtype, shape, length } of plan.flatMap(({ targets }) => targets)) {
    entries[name] = { dtype, shape, data_offsets: [offset, offset + length] };
    offset += length;
  }
  const text = JSON.stringify(entries);
  const padded = text.padEnd(Math.ceil(Buffer.byteLength(text) / alignment) * alignment);
  const length = Buffer.alloc(alignment);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(padded)));
  return Buffer.concat([length, Buffer.from(padded)]);
}
