import { clockStart, type Job, type JobSearch } from './job.ts';
import { webOwner } from './object-names.ts';
import { firstBytes, mostIndexedBytes } from './text.ts';

/**
 * What a job's document has so that an admin finds it: where its source came from, terms of its file's name, and how long
 * it took. It is written with the writes that happen anyway. A document of an earlier version has it from its next
 * transition on; one that had ended by then never has it.
 */

/** Words of a file's name that are kept, the first ones, and the characters of each. */
const mostWords = 4;
const mostWordLength = 24;
/** Lengths of the beginnings of a file's name that are kept, in characters: an index answers for these by itself. */
const prefixLengths = [2, 4, 6, 10] as const;
/** The shortest beginning of a name that can be searched for, in characters. */
export const shortestPrefix = prefixLengths[0];

/** A search by a file's name. Upper and lower case are the same. */
export type NameSearch =
  /** All of these are whole words of the name, of its first four. */
  | { kind: 'words'; words: string[] }
  /** The name begins with this. */
  | { kind: 'prefix'; prefix: string };

/** The lower edges of the intervals that durations are kept in, in milliseconds. */
export const tookEdges = [
  0, 1_000, 2_000, 5_000, 10_000, 20_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000,
] as const;

/** What a new job has for searches. @param rulePrefix The prefix of the source rule that it follows; null without one. */
export function searchOf(job: Pick<Job, 'owner' | 'source'>, rulePrefix: string | null = null): JobSearch {
  return { source: placeOf(job, rulePrefix), terms: termsOf(fileNameOf(job.source.name)), took: null };
}

/** The same once the job has ended. */
export function searchOfEnded(job: Job): JobSearch {
  return { ...(job.search ?? searchOf(job)), took: tookOf(job) };
}

/**
 * Where a job's source came from: `bucket/` with the prefix of the source rule, or with the first folder of the name. A
 * visitor's folder is nobody's source: of the site's uploads all have the same.
 */
export function sourceOf(job: Pick<Job, 'owner' | 'source' | 'search'>): string {
  return job.search?.source ?? placeOf(job, null);
}

function placeOf({ owner, source }: Pick<Job, 'owner' | 'source'>, rulePrefix: string | null): string {
  const folder = webOwner(source.name);
  const isVisitors = rulePrefix === null && owner !== null && folder === owner;
  const inBucket = rulePrefix ?? (folder === null || isVisitors ? '' : `${folder}/`);
  return firstBytes(`${source.bucket}/${inBucket}`, mostIndexedBytes);
}

/** Milliseconds from the upload, or the retry, to the end; null where nothing was worked on or it has not ended. */
export function durationMs(
  job: Pick<Job, 'state' | 'endedAt' | 'retryOf' | 'rerunOf' | 'createdAt' | 'source'>,
): number | null {
  const worked = job.state === 'succeeded' || job.state === 'failed';
  return worked && job.endedAt ? Math.max(0, job.endedAt.getTime() - clockStart(job).getTime()) : null;
}

/** The interval that the job's duration lies in. */
export function tookOf(job: Job): number | null {
  const took = durationMs(job);
  return took === null ? null : (tookEdges.findLast((edge) => edge <= took) ?? 0);
}

/** The last part of an object's name. */
export function fileNameOf(objectName: string): string {
  return objectName.slice(objectName.lastIndexOf('/') + 1);
}

/**
 * What is typed into a search box. With `*` at its end it is a beginning of the name, else words. Null where nothing is
 * left to search for.
 */
export function readNameSearch(text: string): NameSearch | null {
  const trimmed = text.trim();
  if (trimmed.endsWith('*')) {
    const prefix = folded(trimmed.slice(0, -1));
    return [...prefix].length < shortestPrefix ? null : { kind: 'prefix', prefix };
  }
  const words = wordsOf(trimmed);
  return words.length === 0 ? null : { kind: 'words', words };
}

/** The text that `readNameSearch` reads as this search. */
export function nameSearchText(search: NameSearch): string {
  return search.kind === 'prefix' ? `${search.prefix}*` : search.words.join(' ');
}

/** Whether the file's name matches. */
export function matchesName(objectName: string, search: NameSearch): boolean {
  const fileName = fileNameOf(objectName);
  if (search.kind === 'prefix') return folded(fileName).startsWith(search.prefix);
  const words = wordsOf(fileName);
  return search.words.every((word) => words.includes(word));
}

/** The one term that an index is asked for. `decides`: whether every job with the term matches the search. */
export function termOf(search: NameSearch): { term: string; decides: boolean } {
  if (search.kind === 'words') {
    const [longest = ''] = search.words.toSorted((a, b) => b.length - a.length);
    return { term: longest, decides: search.words.length === 1 };
  }
  const characters = [...search.prefix];
  const kept = prefixLengths.findLast((length) => length <= characters.length) ?? shortestPrefix;
  return { term: prefixTerm(characters, kept), decides: kept === characters.length };
}

/** No word has this character. */
const prefixTerm = (characters: string[], length: number) => `^${characters.slice(0, length).join('')}`;

/** The terms of a file's name. They are few, because each has an entry in an index. */
export function termsOf(fileName: string): string[] {
  const characters = [...folded(fileName)];
  const prefixes = prefixLengths
    .filter((length) => length <= characters.length)
    .map((length) => prefixTerm(characters, length));
  return [...wordsOf(fileName), ...prefixes];
}

/** The first words of a name, without the ending that says its type. */
export function wordsOf(fileName: string): string[] {
  const words = folded(fileName.replace(/(?<=[^.])\.[A-Za-z0-9]{1,5}$/, ''))
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => word !== '')
    .map((word) => [...word].slice(0, mostWordLength).join(''));
  return [...new Set(words)].slice(0, mostWords);
}

export function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}
