import { copyFile, mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openCheckpoint } from './checkpoint.ts';
import { expectedTensors } from './expected-tensors.ts';
import { blockSizeFor, quantisedType, quantiseMatrix, scalesOf } from './quantised-matrix.ts';
import type { StoredTensor } from './safetensors.ts';

/**
 * Writes a checkpoint whose linear layers are stored in 8 bits, a quarter of the size, that `openCheckpoint` reads like
 * any other. One matrix is in memory at a time.
 * @param targetFolder Is made where it is missing; files in it are replaced.
 * @param onProgress Told the share that is done, 0 to 1.
 * @throws PermanentError `model_invalid` where the source is no checkpoint.
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
  /** Null: copied as it is. */
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

/** Everything but weights: config.json, the tokenizer's files and the picture's settings. */
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

/** Scales before values: with the largest tensors last in each pair, floats stay aligned. */
function quantised(bytes: Buffer, blockSize: number): Uint8Array[] {
  const matrix = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / floatBytes);
  const { values, scales } = quantiseMatrix(matrix, blockSize);
  return [new Uint8Array(scales.buffer), values];
}

/** safetensors wants the data to begin at a multiple of 8, which spaces behind the JSON see to. */
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
