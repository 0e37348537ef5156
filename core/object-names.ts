import { isOperationName } from './operations.ts';
import { resultExtensions } from './picture-types.ts';
import { firstBytes, mostNameBytes, textProblem, utf8Bytes } from './text.ts';

/** Bytes for `.<generation>.<job>.receipt.json` after the stem's readable part. */
const suffixRoom = 80;

export interface NamedJob {
  id: string;
  operation: string;
  source: { name: string; generation: string };
}

/** Name of what a visitor uploads, in the bucket of the site's uploads: `<owner>/<upload>/<file name>`. */
export function webObjectName(owner: string, upload: string, fileName: string): string {
  const head = `${owner}/${upload}/`;
  const base = fileName.toWellFormed().split(/[/\\]/).at(-1) ?? '';
  // Cloud Storage refuses control characters in names; a name must not be empty either.
  const clean = base.replaceAll(/\p{Cc}/gu, '').trim() || 'picture';
  // Half the limit, so that the result's longer name rarely has to be shortened.
  return head + lastBytes(clean, mostNameBytes / 2 - utf8Bytes(head));
}

/** Owner of an object in the bucket of the site's uploads: its first folder. Null where it has none. */
export function webOwner(name: string): string | null {
  const slash = name.indexOf('/');
  return slash > 0 ? name.slice(0, slash) : null;
}

/**
 * Why Cloud Storage refuses that name, as the end of a sentence; null if it accepts it.
 * @see https://cloud.google.com/storage/docs/objects#naming
 */
export function objectNameProblem(name: string): string | null {
  if (name === '') return 'is empty';
  if (/[\r\n]/.test(name)) return 'contains a line break';
  if (name === '.' || name === '..' || name.startsWith('.well-known/acme-challenge/')) return 'is reserved';
  return textProblem(name, mostNameBytes);
}

/** Why an object is not an upload. */
export type IgnoredName = 'underscore' | 'folder' | 'upload_part' | 'own_result';

/**
 * Says why an object never becomes a job: it is under a folder that starts with `_`, it is a folder, it is a part of an
 * upload that is composed later, or Spillway itself left it in the results bucket. Null for any other name.
 */
export function whyIgnored(name: string): IgnoredName | null {
  if (name.startsWith('_')) return 'underscore';
  if (name.endsWith('/')) return 'folder';
  if (uploadParts.some((pattern) => pattern.test(name))) return 'upload_part';
  return isOwnResult(name) ? 'own_result' : null;
}

/**
 * Names of temporary parts of parallel uploads: by `gcloud storage` and `gsutil`, which may put a folder before their
 * own; by Google's client for Go; by Google's client for Java.
 * @see https://cloud.google.com/storage/docs/parallel-composite-uploads
 */
const uploadParts = [
  /^\/?(?:gcloud|gsutil)\/tmp\//,
  /(?:^|\/)parallel_composite_uploads\//,
  /^gcs-go-sdk-pu-tmp\//,
  /[\w-];[\w=-]+;\d+(?:-\d+)?\.part$/,
];

/** `resultStem` and its endings. Generations are microseconds since 1970, which have 16 digits until the year 2286. */
const afterFolder = new RegExp(
  `^.*\\.\\d{16}\\.[0-9a-f]{8}\\.(?:${resultExtensions.join('|')}|receipt\\.json|error\\.json|thumbnails)$`,
  's',
);

function isOwnResult(name: string): boolean {
  const slash = name.indexOf('/');
  return slash > 0 && isOperationName(name.slice(0, slash)) && afterFolder.test(name.slice(slash + 1));
}

/**
 * Stem of all objects that a job leaves in the results bucket:
 * `<operation>/<name without operation folder and extension>.<generation>.<first 8 of job id>`.
 */
export function resultStem(job: NamedJob): string {
  const folder = isOperationName(job.operation) ? job.operation : '_unknown';
  const tail = `.${job.source.generation}.${job.id.slice(0, 8)}`;
  const plain = withoutExtension(withoutOperationFolder(job));
  const room = mostNameBytes - suffixRoom - utf8Bytes(folder) - 1;
  return `${folder}/${shortened(plain, room, job.id)}${tail}`;
}

export function resultName(job: NamedJob, extension: string): string {
  return `${resultStem(job)}.${extension}`;
}

export function receiptName(job: NamedJob): string {
  return `${resultStem(job)}.receipt.json`;
}

export function thumbnailsName(job: NamedJob): string {
  return `${resultStem(job)}.thumbnails`;
}

export function errorReportName(job: NamedJob): string {
  return `${resultStem(job)}.error.json`;
}

/** Removes a first folder that names the operation, so that it is not there twice. */
function withoutOperationFolder({ operation, source }: NamedJob): string {
  const folder = `${operation}/`;
  return isOperationName(operation) && source.name.startsWith(folder)
    ? source.name.slice(folder.length)
    : source.name;
}

function withoutExtension(name: string): string {
  return name.replace(/(?<=[^/])\.[A-Za-z0-9]{1,8}$/, '');
}

/** The name if it fits, else its start and a part of the job's hash. */
function shortened(name: string, room: number, hash: string): string {
  if (utf8Bytes(name) <= room) return name;
  return `${firstBytes(name, room - 17)}~${hash.slice(8, 24)}`;
}

function lastBytes(text: string, bytes: number): string {
  const kept: string[] = [];
  let room = bytes;
  for (const character of [...text].reverse()) {
    room -= utf8Bytes(character);
    if (room < 0) break;
    kept.push(character);
  }
  return kept.reverse().join('');
}
