import { z } from 'zod';

/**
 * Text that all stores can hold: well-formed Unicode, without NUL, and within a limit in bytes of UTF-8. Firestore
 * refuses lone surrogates, and does not index values of 1,500 bytes and more. Cloud Storage refuses names of more than
 * 1,024 bytes. A stranger's text passes one of these schemas before it goes into a document, a message or a name.
 */

/** Bytes of UTF-8 that an indexed field may hold. @see https://firebase.google.com/docs/firestore/quotas */
export const mostIndexedBytes = 1_499;
/** Bytes of UTF-8 in an object's name. @see https://cloud.google.com/storage/docs/objects#naming */
export const mostNameBytes = 1_024;
/** Names that Firestore reserves. */
const reserved = /^__.*__$/s;

const encoder = new TextEncoder();

/** Bytes of the text in UTF-8. */
export function utf8Bytes(text: string): number {
  // ASCII text, which is quick to check, has one byte per character.
  return /^[\0-\x7f]*$/.test(text) ? text.length : encoder.encode(text).length;
}

/** Why no store can hold the text, as the end of a sentence that begins with its name; null if stores can hold it. */
export function textProblem(text: string, mostBytes: number): string | null {
  if (!text.isWellFormed()) return 'is not well-formed Unicode';
  if (text.includes('\0')) return 'contains the character NUL';
  // A code unit takes at most three bytes.
  if (text.length * 3 <= mostBytes) return null;
  const bytes = utf8Bytes(text);
  return bytes > mostBytes ? `has ${bytes} bytes; at most ${mostBytes} can be stored` : null;
}

/** A string that can be stored, of at most `mostBytes` bytes of UTF-8. */
export function storableText(mostBytes: number = mostIndexedBytes): z.ZodString {
  return z.string().check((context) => {
    const problem = textProblem(context.value, mostBytes);
    if (problem) context.issues.push({ code: 'custom', message: problem, input: context.value });
  });
}

/** The longest start of the text that has at most `bytes` bytes of UTF-8 and ends on a whole character. */
export function firstBytes(text: string, bytes: number): string {
  // No text needs a larger buffer than this.
  const room = new Uint8Array(Math.min(bytes, text.length * 3));
  return text.slice(0, encoder.encodeInto(text, room).read);
}

/**
 * Text for a sentence that a person reads. U+FFFD replaces what no store can hold. Text of more than `bytes` bytes of
 * UTF-8 is cut after a whole character and ends in an ellipsis.
 */
export function shownText(text: string, bytes: number): string {
  const held = text.toWellFormed().replaceAll('\0', '\ufffd');
  return utf8Bytes(held) <= bytes ? held : `${firstBytes(held, bytes - utf8Bytes('…'))}…`;
}

/** Whether the text can be the name of a field or the key of a map in Firestore, which reserves `__.*__`. */
export function isFieldName(text: string): boolean {
  return text !== '' && !reserved.test(text) && textProblem(text, mostIndexedBytes) === null;
}

/** Whether the text can be the id of a document in Firestore, which reserves `.`, `..` and `__.*__` and allows no slash. */
export function isDocumentId(text: string): boolean {
  return (
    text !== '' &&
    text !== '.' &&
    text !== '..' &&
    !text.includes('/') &&
    !reserved.test(text) &&
    textProblem(text, mostIndexedBytes) === null
  );
}
