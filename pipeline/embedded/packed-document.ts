import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { dictionaries } from './dictionaries.ts';

/** The newest dictionary packs. Earlier ones stay, for what they have packed. */
const newest = dictionaries.length - 1;

/**
 * The JSON of a document in a fifth of its size or less: it is deflated by a dictionary that has the names of the fields
 * and the usual values. The first byte says which dictionary.
 */
export function packed(json: string): Uint8Array {
  return Buffer.concat([
    Buffer.of(newest),
    deflateRawSync(json, { level: 1, dictionary: dictionaries[newest] }),
  ]);
}

/** The JSON of a document that is packed or not. Throws where it is damaged. */
export function unpacked(document: unknown): string {
  if (typeof document === 'string') return document;
  if (!(document instanceof Uint8Array)) throw new Error('It is neither text nor packed.');
  const dictionary = dictionaries[document[0] ?? dictionaries.length];
  if (!dictionary) throw new Error('It was packed by a newer version.');
  return inflateRawSync(document.subarray(1), { dictionary }).toString();
}
