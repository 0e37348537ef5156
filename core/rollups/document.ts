import { z } from 'zod';
import { utf8Bytes } from '../text.ts';
import { documentId, type Level, recordName, timeOfRecord } from './levels.ts';
import { keepOftenest, type Machines } from './machines.ts';
import { type GroupsRecord, keepMost, type Part, parts, type RecordOf, recordForms } from './rollup.ts';

/**
 * The records of one document, by their times in milliseconds since 1970. In the database they are one text of JSON: a
 * reader parses that many times faster than nested fields, and nothing asks for a field of it.
 */
export type Records<Name extends Part> = Map<number, RecordOf[Name]>;

/** Bytes of UTF-8. Firestore takes a mebibyte of a document. */
const mostBytes = 900_000;
/** So few values of a group, and machines, are kept in any case. */
const fewestValues = 5;
/** The share of them that is kept at a time, until the document is short enough. */
const shorter = 0.8;

/** The records of a document's content. What is not valid is left out, and the rest stays. */
export function recordsOf<Name extends Part>(part: Name, content: string): Records<Name> {
  const records: Records<Name> = new Map();
  for (const [name, value] of Object.entries(objectOf(content))) {
    const at = timeOfRecord(name).getTime();
    const read = recordForms[part].schema.safeParse(value);
    if (read.success && !Number.isNaN(at)) records.set(at, read.data);
  }
  return records;
}

/** The content of a document, which gets fewer machines, or values by worker, source or owner, where it would be too long. */
export function contentOf<Name extends Part>(part: Name, records: Records<Name>): string {
  const form = recordForms[part];
  const text = () =>
    JSON.stringify(
      Object.fromEntries(
        [...records]
          .sort(([a], [b]) => a - b)
          .map(([at, record]) => [recordName(new Date(at)), form.document(record)]),
      ),
    );
  return shortened(listsOf(part, records), text);
}

/** A list in a record that can be made shorter. */
interface List {
  size(): number;
  keep(most: number): void;
}

function listsOf<Name extends Part>(part: Name, records: Records<Name>): List[] {
  if (part === 'machines') {
    return ([...records.values()] as Machines[]).map((machines) => ({
      size: () => machines.size,
      keep: (most) => keepOftenest(machines, most),
    }));
  }
  if (part === 'jobs') return [];
  return ([...records.values()] as GroupsRecord[]).map((groups) => ({
    size: () => groups.values.size,
    keep: (most) => keepMost(groups, most),
  }));
}

/** Adds records to those of a document. It changes the first map. */
export function addRecords<Name extends Part>(
  part: Name,
  records: Records<Name>,
  others: Records<Name>,
): void {
  const form = recordForms[part];
  for (const [at, other] of others) {
    const record = records.get(at) ?? form.empty();
    form.add(record, other);
    records.set(at, record);
  }
}

/** What one program has seen since it told of it last, minute by minute: a shard of the whole. */
export type Seen = { [Name in Part]: Records<Name> };

export function nothingSeen(): Seen {
  return { jobs: new Map(), worker: new Map(), source: new Map(), owner: new Map(), machines: new Map() };
}

export function isNothing(seen: Seen): boolean {
  return parts.every((part) => seen[part].size === 0);
}

export function addSeen(seen: Seen, other: Seen): void {
  for (const part of parts) addPart(part, seen, other);
}

function addPart<Name extends Part>(part: Name, seen: Seen, other: Seen): void {
  addRecords<Name>(part, seen[part], other[part]);
}

/** A shard: what a writer has seen, under a number that rises with each of its shards. */
export interface Shard {
  /** Names the process. */
  writer: string;
  number: number;
  seen: Seen;
}

const shardSchema = z.object({
  writer: z.string(),
  number: z.int(),
  seen: z.record(z.string(), z.unknown()),
});

/** The content of a shard, which gets fewer values by worker, source and owner where it would be too long. */
export function shardContent({ writer, number, seen }: Shard): string {
  const content = (part: Part) => JSON.parse(contentOfPart(part, seen)) as unknown;
  const filled = parts.filter((part) => seen[part].size > 0);
  const text = () =>
    JSON.stringify({
      writer,
      number,
      seen: Object.fromEntries(filled.map((part) => [part, content(part)])),
    });
  const lists = parts.flatMap((part) => listsOfPart(part, seen));
  return shortened(lists, text);
}

/** The text once it is no longer than a document takes, with as much of these lists as that leaves. */
function shortened(lists: readonly List[], text: () => string): string {
  let content = text();
  while (utf8Bytes(content) > mostBytes) {
    const most = Math.max(0, ...lists.map((list) => list.size()));
    if (most <= fewestValues) break;
    for (const list of lists) list.keep(Math.floor(most * shorter));
    content = text();
  }
  return content;
}

function listsOfPart<Name extends Part>(part: Name, seen: Seen): List[] {
  return listsOf<Name>(part, seen[part]);
}

function contentOfPart<Name extends Part>(part: Name, seen: Seen): string {
  return contentOf<Name>(part, seen[part]);
}

/** Null where the content is no shard. */
export function shardOf(content: string): Shard | null {
  const read = shardSchema.safeParse(objectOf(content));
  if (!read.success) return null;
  const of = <Name extends Part>(part: Name) => recordsOf(part, JSON.stringify(read.data.seen[part] ?? {}));
  const seen: Seen = {
    jobs: of('jobs'),
    worker: of('worker'),
    source: of('source'),
    owner: of('owner'),
    machines: of('machines'),
  };
  return { writer: read.data.writer, number: read.data.number, seen };
}

/** Ids of shards, in the order of the times at which they were written. */
export function shardId({ writer, number }: Pick<Shard, 'writer' | 'number'>, at: Date): string {
  return `shard.${at.toISOString()}.${writer}.${number}`;
}

/** All ids of shards are between these. */
export const shardIds = { first: 'shard.', end: 'shard/' } as const;

/** The records of a part by the documents that they belong to. */
export function byDocument<Name extends Part>(
  level: Level,
  part: Name,
  records: Records<Name>,
): Map<string, Records<Name>> {
  const documents = new Map<string, Records<Name>>();
  for (const [at, record] of records) {
    const id = documentId(level, part, new Date(at));
    const own = documents.get(id) ?? new Map();
    own.set(at, record);
    documents.set(id, own);
  }
  return documents;
}

function objectOf(content: string): object {
  try {
    const value: unknown = JSON.parse(content);
    return value !== null && typeof value === 'object' ? value : {};
  } catch {
    return {};
  }
}
