import { createHash } from 'node:crypto';
import { firstBytes, textProblem } from './text.ts';

/** Characters of the hash that makes a derived text different from others. */
const hashLength = 16;

/**
 * A text that can be stored, derived from one that cannot: as much of it as fits, with U+FFFD for what cannot be held,
 * and a hash of the original, so that different texts stay different. Equal texts give equal ones.
 */
export function derivedForm(text: string, mostBytes: number): string {
  // JSON escapes what is not well-formed, so that it counts in the hash.
  const hash = createHash('sha256').update(JSON.stringify(text)).digest('hex').slice(0, hashLength);
  const held = text.toWellFormed().replaceAll(/\p{Cc}/gu, '\ufffd');
  return `${firstBytes(held, mostBytes - hashLength - 1)}~${hash}`;
}

/** The text itself where a store can hold it, else its derived form. */
export function storedForm(text: string, mostBytes: number): string {
  return textProblem(text, mostBytes) === null ? text : derivedForm(text, mostBytes);
}
