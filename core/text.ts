import { z } from 'zod';

/**
 * Text that every store here can hold: well-formed Unicode, without NUL, and within a limit in bytes of UTF-8.
 * Firestore refuses lone surrogates and does not index values of 1,500 bytes and more; Cloud Storage refuses names of
 * more than 1,024 bytes. A stranger's text passes one of these schemas before it goes into a document, a message or a
 * name.
 */

/** Bytes of UTF-8 that an indexed field may hold. @see https://firebase.google.com/docs/firestore/quotas */
export const mostIndexedBytes = 1_499;
/** Bytes of UTF-8 in an object's name. @see https://cloud.google.com/storage/docs/objects#naming */
export const mostNameBytes = 1_024;

/** Bytes of the text in UTF-8. */
export function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Why no store can hold the text, as the end of a sentence that begins with its name; null where it can be held. */
export function textProblem(text: string, mostBytes: number): string | null {
  if (!text.isWellFormed()) return 'is not well-formed Unicode';
  if (text.includes('\0')) return 'contains the character NUL';
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

/** Whether the text can be the id of a document in Firestore, which reserves `.`, `..` and `__.*__` and allows no slash. */
export function isDocumentId(text: string): boolean {
  return (
    text !== '' &&
    text !== '.' &&
    text !== '..' &&
    !text.includes('/') &&
    !/^__.*__$/s.test(text) &&
    textProblem(text, mostIndexedBytes) === null
  );
}
