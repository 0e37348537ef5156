import { createHash } from 'node:crypto';
import { firstBytes, textProblem } from './text.ts';

/** Length of the hash that keeps derived texts different. */
const hashLength = 16;

/**
 * Derives a text that can be stored from one that cannot. It keeps the part that fits, has U+FFFD in place of what no
 * store can hold, and ends in a hash of the original. Different texts stay different, and equal texts stay equal.
 */
export function derivedForm(text: string, mostBytes: number): string {
  // JSON escapes broken Unicode, so it makes a difference to the hash.
  const hash = createHash('sha256').update(JSON.stringify(text)).digest('hex').slice(0, hashLength);
  const held = text.toWellFormed().replaceAll(/\p{Cc}/gu, '\ufffd');
  return `${firstBytes(held, mostBytes - hashLength - 1)}~${hash}`;
}

/** The text itself if a store can hold it, else its derived form. */
export function storedForm(text: string, mostBytes: number): string {
  return textProblem(text, mostBytes) === null ? text : derivedForm(text, mostBytes);
}
