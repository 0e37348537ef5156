import { open } from 'node:fs/promises';
import { PermanentError } from '@spillway/core/errors.ts';
import { z } from 'zod';

/**
 * The safetensors format: 8 bytes with the length of the header, the header as JSON, then the tensors.
 * https://github.com/huggingface/safetensors#format
 */

const lengthBytes = 8;
/** The format's own limit. */
const longestHeader = 100_000_000;

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  /** Begin and end in bytes after the header. */
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});

const bytesPerElement: Record<string, number> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

export interface StoredTensor {
  /** The header's name for the type: `F32`, `I8`, … */
  dtype: string;
  shape: number[];
  /** Offset of the first byte in the file. */
  offset: number;
  /** Bytes. */
  length: number;
}

export interface TensorFile {
  path: string;
  tensors: ReadonlyMap<string, StoredTensor>;
}

/**
 * Reads the header of a safetensors file. Checks that every tensor is within the file and has the bytes of its shape.
 * The tensors themselves are not read.
 * @throws PermanentError `model_invalid` with one sentence.
 */
export async function readTensorFile(path: string): Promise<TensorFile> {
  const { header, dataStart, fileBytes } = await readHeader(path);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    tensors.set(name, storedTensor(path, name, entry, dataStart, fileBytes));
  }
  return { path, tensors };
}

async function readHeader(path: string) {
  await using file = await open(path).catch((error: Error) => {
    throw new PermanentError('model_invalid', `${path} cannot be read.`, { cause: error });
  });
  const { size: fileBytes } = await file.stat();
  const { buffer: start, bytesRead } = await file.read(Buffer.alloc(lengthBytes), 0, lengthBytes, 0);
  const headerBytes = bytesRead === lengthBytes ? Number(start.readBigUInt64LE()) : 0;
  if (headerBytes === 0 || headerBytes > longestHeader) {
    throw new PermanentError('model_invalid', `${path} is not a safetensors file.`);
  }
  const dataStart = lengthBytes + headerBytes;
  if (dataStart > fileBytes) throw truncated(path);
  const { buffer } = await file.read(Buffer.alloc(headerBytes), 0, headerBytes, lengthBytes);
  return { header: parseHeader(path, buffer), dataStart, fileBytes };
}

function parseHeader(path: string, bytes: Buffer): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(bytes.toString('utf8')));
  } catch (error) {
    throw new PermanentError('model_invalid', `${path} has a damaged header.`, { cause: error });
  }
}

function storedTensor(path: string, name: string, entry: unknown, dataStart: number, fileBytes: number) {
  const parsed = entrySchema.safeParse(entry);
  if (!parsed.success) {
    throw new PermanentError('model_invalid', `${path} has a damaged entry for the tensor ${name}.`);
  }
  const { dtype, shape, data_offsets } = parsed.data;
  const [begin, end] = data_offsets;
  if (dataStart + end > fileBytes) throw truncated(path);
  const elements = shape.reduce((product, side) => product * side, 1);
  const elementBytes = bytesPerElement[dtype];
  if (end < begin || (elementBytes !== undefined && end - begin !== elements * elementBytes)) {
    throw new PermanentError('model_invalid', `${path} gives the tensor ${name} other bytes than its shape.`);
  }
  return { dtype, shape, offset: dataStart + begin, length: end - begin };
}

function truncated(path: string): PermanentError {
  return new PermanentError('model_invalid', `${path} is cut off: it is shorter than its header says.`);
}
