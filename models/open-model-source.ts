import { PermanentError } from '@spillway/core/errors.ts';
import type { ModelSource } from './model-source.ts';

/**
 * Opens a source by its name: `public`, `gs://bucket/prefix` or a directory. The latter two have
 * `<model>/<file>`, or the file alone for a model of one file.
 */
export async function openModelSource(name: string): Promise<ModelSource> {
  // Loaded on demand, because the client library of a bucket takes a good part of a second.
  if (name === 'public') return (await import('./public-source.ts')).publicSource;
  if (name.startsWith('gs://')) return (await import('./bucket-source.ts')).bucketSource(name);
  if (/^\w+:\/\//.test(name)) {
    const kinds = 'public, gs://bucket/prefix or a directory';
    throw new PermanentError('model_missing', `${name} is no source of models: name ${kinds}.`);
  }
  return (await import('./directory-source.ts')).directorySource(name);
}
