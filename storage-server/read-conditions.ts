import type { IncomingHttpHeaders } from 'node:http';
import { conditionNotMet, StorageError } from './errors.ts';

/**
 * Checks the conditions that HTTP has for a reader, in its order of precedence. Throws a 412, or a 304 for one who has
 * this version.
 * @param etag In the form of the API that is asked.
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-precedence-of-preconditions
 */
export function checkReadHeaders(
  headers: IncomingHttpHeaders,
  { etag, updated }: { etag: string; updated: string },
): void {
  const { 'if-match': match, 'if-unmodified-since': unmodified } = headers;
  const { 'if-none-match': noneMatch, 'if-modified-since': modified } = headers;
  // HTTP's dates have whole seconds.
  const changed = Math.floor(Date.parse(updated) / 1000) * 1000;
  if (match !== undefined ? !names(match, etag) : changed > timeOf(unmodified, Number.POSITIVE_INFINITY)) {
    throw conditionNotMet();
  }
  if (
    noneMatch !== undefined ? names(noneMatch, etag) : changed <= timeOf(modified, Number.NEGATIVE_INFINITY)
  ) {
    throw new StorageError(304, 'notModified', 'NotModified', 'Not Modified');
  }
}

const names = (header: string, etag: string): boolean =>
  header === '*' || header.split(/\s*,\s*/).includes(etag);

/** Milliseconds since 1970; what is no date is passed over, as HTTP says. */
function timeOf(header: string | undefined, otherwise: number): number {
  const time = Date.parse(header ?? '');
  return Number.isNaN(time) ? otherwise : time;
}
