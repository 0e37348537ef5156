import { invalid } from './errors.ts';
import { globPattern } from './glob.ts';
import { compareNames } from './names.ts';
import type { ObjectRecord } from './object-record.ts';
import type { ObjectVersion } from './object-version.ts';
import { flag, pageSize } from './request-values.ts';

const largestPage = 1000;

export interface Listing {
  items: { name: string; version: ObjectVersion }[];
  prefixes: string[];
  nextPageToken?: string;
}

/** Where a page ended: at a name, or at a prefix for all names below it, and after how many of its versions. */
interface Cursor {
  after: string;
  versions: number;
}

/**
 * One page of a bucket's objects. `records` gives the records from a name on, in the order of their UTF-8 bytes, and
 * `shownOf` the versions of one that are listed, oldest first as Cloud Storage lists them. Throws a 400 on parameters that
 * make no sense.
 */
export function listObjects(
  query: URLSearchParams,
  records: (start: string) => Iterable<ObjectRecord>,
  shownOf: (record: ObjectRecord) => ObjectVersion[],
): Listing {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const end = query.get('endOffset') ?? '';
  const glob = query.get('matchGlob');
  const pattern = glob ? globPattern(glob) : undefined;
  const limit = pageSize(query, largestPage);
  const cursor = parseCursor(query.get('pageToken'));
  const page: Listing = { items: [], prefixes: [] };
  let last: Cursor = { after: '', versions: 0 };

  const start = [prefix, query.get('startOffset') ?? '', cursor.after].sort(compareNames).at(-1) ?? '';
  for (const record of records(start)) {
    const { name } = record;
    if (!name.startsWith(prefix)) break;
    if (end && compareNames(name, end) >= 0) break;
    if (pattern && !pattern.test(name)) continue;
    const all = shownOf(record);
    if (all.length === 0) continue;
    const folder = folderOf(name, prefix, delimiter);
    const isFolder = folder !== undefined && folder !== page.prefixes.at(-1);
    const shown = folder === undefined || (name === folder && flag(query, 'includeTrailingDelimiter'));
    const skipped = name === cursor.after ? cursor.versions : 0;
    const versions = shown ? all.slice(skipped) : [];

    if (isFolder && folder !== cursor.after) {
      if (isFull(page, limit)) return { ...page, nextPageToken: token(last) };
      page.prefixes.push(folder);
      last = { after: folder, versions: 0 };
    }
    for (const [at, version] of versions.entries()) {
      if (isFull(page, limit)) return { ...page, nextPageToken: token(last) };
      page.items.push({ name, version });
      last = { after: name, versions: skipped + at + 1 };
    }
  }
  return page;
}

/** The prefix that replaces this name in a listing with a delimiter. */
function folderOf(name: string, prefix: string, delimiter: string): string | undefined {
  const at = delimiter ? name.indexOf(delimiter, prefix.length) : -1;
  return at < 0 ? undefined : name.slice(0, at + delimiter.length);
}

const isFull = (page: Listing, limit: number): boolean => page.items.length + page.prefixes.length >= limit;

const token = (cursor: Cursor): string => Buffer.from(JSON.stringify(cursor)).toString('base64url');

function parseCursor(text: string | null): Cursor {
  if (!text) return { after: '', versions: 0 };
  try {
    const { after, versions } = JSON.parse(
      Buffer.from(text, 'base64url').toString('utf8'),
    ) as Partial<Cursor>;
    if (typeof after === 'string' && typeof versions === 'number') return { after, versions };
  } catch {
    // Answered below, like a token that parses to something else.
  }
  throw invalid(`Invalid value for pageToken: '${text}'`);
}
