import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { hasCode } from '@spillway/core/errors.ts';
import { openCrc32c } from '@spillway/pipeline/crc32c.ts';
import { databaseFile } from './object-database.ts';
import { everyVersionOf } from './object-record.ts';
import { ObjectRecords } from './object-records.ts';
import type { ObjectVersion } from './object-version.ts';

export interface StorageCheck {
  /** Versions of objects, with those that can be restored. */
  objects: number;
  bytes: number;
  /** One sentence each; none where all is well. */
  problems: string[];
}

/** Reads all of a data folder, which no server needs to use, and says what is damaged or missing. Changes nothing. */
export async function checkStorage(folder: string): Promise<StorageCheck> {
  const file = join(folder, databaseFile);
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const findings = database
      .prepare('PRAGMA integrity_check')
      .all()
      .map((row) => String(row.integrity_check));
    if (findings[0] !== 'ok')
      return { objects: 0, bytes: 0, problems: [`${file} is damaged: ${findings[0]}`] };
    return await checkObjects(folder, database);
  } finally {
    database.close();
  }
}

async function checkObjects(folder: string, database: DatabaseSync): Promise<StorageCheck> {
  const check: StorageCheck = { objects: 0, bytes: 0, problems: [] };
  const inDatabase = database.prepare('SELECT content FROM bytes WHERE blob = ?');
  for (const records of new ObjectRecords(database).pages()) {
    for (const record of records) {
      for (const version of everyVersionOf(record)) {
        const row = inDatabase.get(version.blob);
        const source = row
          ? [row.content as Uint8Array]
          : (createReadStream(join(folder, 'blobs', version.blob)) as AsyncIterable<Buffer>);
        const problem = await problemOf(version, source);
        check.objects++;
        check.bytes += version.size;
        const { bucket, name } = record;
        if (problem)
          check.problems.push(`gs://${bucket}/${name} (generation ${version.generation}) ${problem}.`);
      }
    }
  }
  return check;
}

/** What is wrong with the bytes of a version; null where nothing is. */
async function problemOf(
  version: ObjectVersion,
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<string | null> {
  const crc32c = await openCrc32c();
  try {
    for await (const chunk of source) crc32c.update(chunk);
  } catch (error) {
    const isMissing = hasCode(error, 'ENOENT');
    return isMissing ? 'has lost its bytes' : `cannot be read: ${String(error)}`;
  }
  return crc32c.base64() === version.crc32c ? null : 'has other bytes than its checksum says';
}
