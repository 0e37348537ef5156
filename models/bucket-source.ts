import { addAbortSignal, type Readable } from 'node:stream';
import { type File, Storage } from '@google-cloud/storage';
import { messageOf, PermanentError, RetryableError } from '@spillway/core/errors.ts';
import type { ModelName } from './entries.ts';
import type { ModelFile } from './manifest.ts';
import {
  type KeptPart,
  type ModelSource,
  mirrorPaths,
  type OpenedFile,
  type StatedSum,
} from './model-source.ts';

/** The client adds eleven listeners to each answer. Node's default limit is ten, and it warns of a leak beyond that. */
const listenersOfOneDownload = 20;

/**
 * A bucket as a source, `gs://bucket/prefix`. The client reads `STORAGE_EMULATOR_HOST`, Google's name for the address of
 * an emulator, and finds the machine's credentials itself.
 * @throws PermanentError if the name is not that of a bucket.
 */
export function bucketSource(name: string): ModelSource {
  const [bucketName = '', ...path] = name.slice('gs://'.length).split('/');
  if (bucketName === '') throw new PermanentError('model_missing', `${name} names no bucket.`);
  const bucket = new Storage().bucket(bucketName);
  const prefix = path.filter((part) => part !== '').map((part) => `${part}/`);
  const objectNames = (model: ModelName, file: ModelFile) =>
    mirrorPaths(model, file).map((place) => `${prefix.join('')}${place}`);
  return {
    name,
    address: (model, file) => `gs://${bucketName}/${objectNames(model, file)[0]}`,
    async open(model, file, kept, signal) {
      for (const objectName of objectNames(model, file)) {
        const found = await unlessAborted(lookUp(bucket.file(objectName)), signal);
        if (found) return openObject(found, kept, signal);
      }
      const places = objectNames(model, file).map((place) => `gs://${bucketName}/${place}`);
      throw new PermanentError('model_missing', `${places.join(' or ')} does not exist.`);
    },
  };
}

/** Adds an abort signal, which the client's own calls do not take. */
async function unlessAborted<Answer>(call: Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  return await Promise.race([call, promise]);
}

interface FoundObject {
  file: File;
  total: number;
  generation: string;
  stated: StatedSum | null;
}

async function lookUp(file: File): Promise<FoundObject | null> {
  try {
    const [{ size, generation, md5Hash }] = await file.getMetadata();
    const stated = md5Hash
      ? ({ kind: 'MD5', hex: Buffer.from(md5Hash, 'base64').toString('hex') } as const)
      : null;
    return { file, total: Number(size), generation: String(generation), stated };
  } catch (error) {
    if (codeOf(error) === 404) return null;
    throw refusal(error, `gs://${file.bucket.name}/${file.name}`);
  }
}

function openObject(
  { file, total, generation, stated }: FoundObject,
  kept: KeptPart,
  signal: AbortSignal,
): OpenedFile {
  const address = `gs://${file.bucket.name}/${file.name}`;
  const start = kept.version === generation && kept.bytes <= total ? kept.bytes : 0;
  const content = readFrom(file, generation, start, total, address, signal);
  return { content, start, total, version: generation, stated, address };
}

/** The client can check only a whole object. We check what arrives with our own sums anyway. */
async function* readFrom(
  file: File,
  generation: string,
  start: number,
  total: number,
  address: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (start === total) return;
  const pinned = file.bucket.file(file.name, { generation });
  try {
    const stream = pinned.createReadStream({ start, validation: false, decompress: false });
    stream.once('response', (answer: Readable) => void answer.setMaxListeners(listenersOfOneDownload));
    yield* addAbortSignal(signal, stream);
  } catch (error) {
    throw refusal(error, address);
  }
}

function refusal(error: unknown, address: string): PermanentError | RetryableError {
  const code = codeOf(error);
  const reason = messageOf(error);
  if (code === 401 || code === 403) {
    const login = 'log in with `gcloud auth application-default login`, or ask for read access to the bucket';
    return new PermanentError('model_missing', `${address} refuses to be read (${code}): ${login}.`, {
      cause: error,
    });
  }
  return new RetryableError('model_missing', `${address} could not be read (${reason}).`, { cause: error });
}

function codeOf(error: unknown): number | null {
  const code = error instanceof Error && 'code' in error ? Number(error.code) : Number.NaN;
  return Number.isInteger(code) ? code : null;
}
