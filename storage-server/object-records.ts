import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { everyVersionOf, type ObjectRecord } from './object-record.ts';

/** Records that one query reads while a bucket is listed. */
const pageSize = 500;

type Row = Record<'bucket' | 'name' | 'record', unknown>;

/** Everything about each object name: a row of the database. Nothing of it is kept in memory. */
export class ObjectRecords {
  readonly #read: StatementSync;
  readonly #write: StatementSync;
  readonly #remove: StatementSync;
  readonly #list: Record<'readable' | 'kept', StatementSync>;
  readonly #ended: StatementSync;
  readonly #page: StatementSync;

  constructor(database: DatabaseSync) {
    const prepare = (sql: string) => database.prepare(sql);
    this.#read = prepare('SELECT record FROM objects WHERE bucket = ? AND name = ?');
    this.#write = prepare('INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?)');
    this.#remove = prepare('DELETE FROM objects WHERE bucket = ? AND name = ?');
    const listing = (condition: string) =>
      `SELECT bucket, name, record FROM objects WHERE bucket = ? AND name >= ? AND ${condition}
       ORDER BY name LIMIT ${pageSize}`;
    this.#list = {
      readable: prepare(listing('isReadable = 1')),
      kept: prepare(listing('keptUntil IS NOT NULL')),
    };
    this.#ended = prepare('SELECT bucket, name, record FROM objects WHERE keptUntil <= ?');
    this.#page = prepare(
      `SELECT bucket, name, record FROM objects WHERE (bucket, name) > (?, ?) ORDER BY bucket, name LIMIT ${pageSize}`,
    );
  }

  find(bucket: string, name: string): ObjectRecord | undefined {
    const row = this.#read.get(bucket, Buffer.from(name));
    return row && { bucket, name, ...JSON.parse(String(row.record)) };
  }

  /**
   * Records of a bucket in the order of the UTF-8 bytes of their names, beginning with `start`: those with a version
   * that can be read, or with one that can be restored.
   */
  *from(bucket: string, start: string, which: 'readable' | 'kept'): Generator<ObjectRecord> {
    for (let next = Buffer.from(start); ; ) {
      const rows = this.#list[which].all(bucket, next) as Row[];
      for (const row of rows) yield recordOf(row);
      const last = rows.at(-1);
      if (!last || rows.length < pageSize) return;
      // The name that follows it, by its bytes.
      next = Buffer.concat([last.name as Uint8Array, Buffer.of(0)]);
    }
  }

  /** Those with a version that was kept until then, in milliseconds since 1970, or shorter. */
  keptUntil(time: number): ObjectRecord[] {
    return (this.#ended.all(time) as Row[]).map(recordOf);
  }

  /** Pages of all records. What changes while they are read may be missed. */
  *pages(): Generator<ObjectRecord[]> {
    for (let after: [string, Uint8Array] = ['', new Uint8Array()]; ; ) {
      const rows = this.#page.all(...after) as Row[];
      const last = rows.at(-1);
      if (!last) return;
      yield rows.map(recordOf);
      after = [String(last.bucket), last.name as Uint8Array];
    }
  }

  /** A record without any version is removed. */
  save(record: ObjectRecord): void {
    const { bucket, name, ...content } = record;
    if (everyVersionOf(record).length === 0) {
      this.#remove.run(bucket, Buffer.from(name));
      return;
    }
    const { live, noncurrent, softDeleted = [] } = content;
    const isReadable = live !== undefined || noncurrent.length > 0;
    const ends = softDeleted.map(({ hardDeleteTime }) => Date.parse(hardDeleteTime));
    const keptUntil = ends.length > 0 ? Math.min(...ends) : null;
    this.#write.run(bucket, Buffer.from(name), JSON.stringify(content), isReadable ? 1 : 0, keptUntil);
  }
}

function recordOf({ bucket, name, record }: Row): ObjectRecord {
  const text = Buffer.from(name as Uint8Array).toString('utf8');
  return { bucket: String(bucket), name: text, ...JSON.parse(String(record)) };
}
