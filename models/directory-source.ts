import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf, PermanentError, RetryableError } from '@spillway/core/errors.ts';
import { isNotFound } from './installation.ts';
import { type ModelSource, mirrorPaths } from './model-source.ts';

/** A directory as a source, such as a disk that was carried to a machine without a network. */
export function directorySource(name: string): ModelSource {
  const root = resolve(name);
  return {
    name,
    address: (model, file) => join(root, mirrorPaths(model, file)[0] ?? file.name),
    async open(model, file, kept, signal) {
      const paths = mirrorPaths(model, file).map((place) => join(root, place));
      for (const path of paths) {
        const found = await lookAt(path);
        if (!found) continue;
        const start = kept.version === found.version && kept.bytes <= found.total ? kept.bytes : 0;
        const content = createReadStream(path, { start, signal, highWaterMark: 1 << 20 });
        return { ...found, content, start, stated: null, address: path };
      }
      throw new PermanentError('model_missing', `There is no ${paths.join(' or ')}.`);
    },
  };
}

async function lookAt(path: string): Promise<{ total: number; version: string } | null> {
  try {
    const { size, mtimeMs } = await stat(path);
    return { total: size, version: `${size} ${mtimeMs}` };
  } catch (error) {
    if (isNotFound(error)) return null;
    const reason = messageOf(error);
    throw new RetryableError('model_missing', `${path} could not be read (${reason}).`, { cause: error });
  }
}
