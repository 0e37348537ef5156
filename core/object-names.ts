import { isOperationName } from './operations.ts';

/** Cloud Storage's limit on an object name, in bytes of UTF-8. */
const longestName = 1_024;
/** Room for `.<generation>.<job>.receipt.json` after the stem's readable part. */
const suffixRoom = 80;
/** Objects under it came through the site, whose account alone may write there. */
export const webPrefix = 'web/';

export interface NamedJob {
  id: string;
  operation: string;
  source: { name: string; generation: string };
}

/** Name of the object that a signed-in visitor uploads: `web/<owner>/<upload>/<file name>`. */
export function webObjectName(owner: string, upload: string, fileName: string): string {
  const head = `${webPrefix}${owner}/${upload}/`;
  const base = fileName.split(/[/\\]/).at(-1) ?? '';
  // Cloud Storage refuses control characters in names; a name must not be empty either.
  const clean = base.replaceAll(/\p{Cc}/gu, '').trim() || 'picture';
  // Half the limit, so that the result's longer name seldom has to be shortened.
  return head + lastBytes(clean, longestName / 2 - byteLength(head));
}

/** Owner of an object under `web/`, null for any other. */
export function webOwner(name: string): string | null {
  const [prefix, owner, ...rest] = name.split('/');
  return `${prefix}/` === webPrefix && owner && rest.length > 0 ? owner : null;
}

/** Objects under folders that start with `_` never become jobs. */
export function isIgnored(name: string): boolean {
  return name.startsWith('_') || name.endsWith('/');
}

/**
 * Stem of everything a job leaves in the results bucket:
 * `<operation>/<name without operation folder and extension>.<generation>.<first 8 of job id>`.
 */
export function resultStem(job: NamedJob): string {
  const folder = isOperationName(job.operation) ? job.operation : '_unknown';
  const tail = `.${job.source.generation}.${job.id.slice(0, 8)}`;
  const plain = withoutExtension(withoutOperationFolder(job));
  const room = longestName - suffixRoom - byteLength(folder) - 1;
  return `${folder}/${shortened(plain, room, job.id)}${tail}`;
}

export function resultName(job: NamedJob, extension: string): string {
  return `${resultStem(job)}.${extension}`;
}

export function receiptName(job: NamedJob): string {
  return `${resultStem(job)}.receipt.json`;
}

export function errorReportName(job: NamedJob): string {
  return `${resultStem(job)}.error.json`;
}

/** A first folder that names the operation is not said twice; any other is part of the name. */
function withoutOperationFolder({ operation, source }: NamedJob): string {
  const folder = `${operation}/`;
  return isOperationName(operation) && source.name.startsWith(folder)
    ? source.name.slice(folder.length)
    : source.name;
}

function withoutExtension(name: string): string {
  return name.replace(/(?<=[^/])\.[A-Za-z0-9]{1,8}$/, '');
}

/** The name, or as much of its start as fits with part of the job's hash in place of the rest. */
function shortened(name: string, room: number, hash: string): string {
  if (byteLength(name) <= room) return name;
  return `${firstBytes(name, room - 17)}~${hash.slice(8, 24)}`;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** The longest start of the text that has at most `bytes` bytes of UTF-8 and ends on a whole character. */
function firstBytes(text: string, bytes: number): string {
  let used = 0;
  let kept = '';
  for (const character of text) {
    used += byteLength(character);
    if (used > bytes) break;
    kept += character;
  }
  return kept;
}

function lastBytes(text: string, bytes: number): string {
  const characters = [...text];
  while (byteLength(characters.join('')) > bytes) characters.shift();
  return characters.join('');
}
