import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { billingArguments } from '@spillway/emulators/billed-operations/recorded-operations.ts';
import { readIndexFile } from '@spillway/emulators/firestore-indexes/index-file.ts';
import {
  checkRecordedQueries,
  recordingArguments,
} from '@spillway/emulators/firestore-indexes/recorded-queries.ts';
import type { StackOptions } from '@spillway/emulators/stack-options.ts';
import type { TestProject } from 'vitest/node';
import { provideStack } from './stack-setup.ts';

export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return provideGoogleStack(project, { likeCloud: false });
}

/**
 * A stack on Google's emulators whose queries are noted down, and what Google would bill.
 * @param mode Whether the stack also does what costs time on Google Cloud.
 */
export async function provideGoogleStack(
  project: TestProject,
  mode: Pick<StackOptions, 'likeCloud' | 'events'>,
): Promise<() => Promise<void>> {
  const queries = await mkdtemp(join(tmpdir(), 'spillway-queries-'));
  const billed = await mkdtemp(join(tmpdir(), 'spillway-billed-'));
  project.provide('recordedQueries', queries);
  project.provide('billedOperations', billed);
  const nodeArguments = [...recordingArguments(queries), ...billingArguments(billed)];
  const stop = await provideStack(project, { engine: 'google', ...mode, nodeArguments });
  return async () => {
    await stop();
    await refuseUnindexedQueries(queries, mode);
    for (const folder of [queries, billed]) await rm(folder, { recursive: true, force: true });
  };
}

const indexes = new URL('../pipeline/gcp/firestore.indexes.json', import.meta.url);

/** Firestore's emulator answers what production refuses for the lack of an index. */
async function refuseUnindexedQueries(
  queries: string,
  { likeCloud }: Pick<StackOptions, 'likeCloud'>,
): Promise<void> {
  const { refused, unused } = await checkRecordedQueries(queries, await readIndexFile(indexes));
  if (refused.length > 0)
    throw new Error(`Firestore would refuse queries of this run.\n${refused.join('\n')}`);
  // Only a run of all tests uses all indexes, so this is said and no failure. Vitest has closed its own output by now.
  if (likeCloud && unused.length > 0) {
    process.stderr.write(`  stack: no query of this run used these indexes: ${unused.join('; ')}\n`);
  }
}
