import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { backupDatabase, checkBeforeStart, stateOf } from '@spillway/pipeline/embedded/backup.ts';
import { openDatabase } from '@spillway/pipeline/embedded/database.ts';
import type { DataFolder } from './data-folder.ts';
import { explainedStart } from './explained-start.ts';
import { timeInName } from './time-in-name.ts';

/** Copies of the database from before an upgrade. The oldest of more are removed. */
const copiesKept = 3;
const copyName = /^before-.*[.]db$/;

/**
 * Makes the database ready for this version, before any part uses it. What an upgrade would change is copied first.
 * @throws StartError with the sentence that says why it cannot be used. It is as it was then.
 */
export async function upgradeDatabase(
  folder: DataFolder,
  version: string,
  say: (line: string) => void,
): Promise<void> {
  try {
    checkBeforeStart(folder.database);
    const state = stateOf(folder.database);
    if (state.kind === 'older') {
      const copy = await copyBeforeUpgrade(folder, version);
      say(`The database is brought up to date. What it was before is kept in ${copy}`);
    }
    (await openDatabase(folder.database)).close();
  } catch (error) {
    throw explainedStart(error);
  }
}

async function copyBeforeUpgrade(folder: DataFolder, version: string): Promise<string> {
  await mkdir(folder.backups, { recursive: true });
  const copy = join(folder.backups, `before-${version}-${timeInName(new Date())}.db`);
  await backupDatabase(folder.database, copy);
  const copies = (await readdir(folder.backups)).filter((name) => copyName.test(name));
  const byTime = copies.sort((one, other) => timeOf(one).localeCompare(timeOf(other)));
  for (const name of byTime.slice(0, -copiesKept)) await rm(join(folder.backups, name));
  return copy;
}

/** The last part of the name. */
function timeOf(name: string): string {
  return name.slice(name.lastIndexOf('-') + 1);
}
