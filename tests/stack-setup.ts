import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readIndexFile } from '@spillway/emulators/firestore-indexes/index-file.ts';
import {
  checkRecordedQueries,
  recordingArguments,
} from '@spillway/emulators/firestore-indexes/recorded-queries.ts';
import { startStack } from '@spillway/emulators/stack.ts';
import type { StackOptions } from '@spillway/emulators/stack-options.ts';
import type { GoogleStackFile } from '@spillway/pipeline/stack-file.ts';
import type { TestProject } from 'vitest/node';
import { findLoggedSecrets } from './logged-secrets.ts';
import { withStorageTls } from './storage-tls.ts';

declare module 'vitest' {
  interface ProvidedContext {
    stack: GoogleStackFile;
    /** Where the stack's storage server speaks TLS; null on a machine without openssl. */
    storageTlsPort: number | null;
    /** The folder with a log for each part of the stack. */
    logs: string;
    /** The folder where queries to Firestore are noted down. */
    recordedQueries: string;
  }
}

/** Starts a stack on free ports with data of its own, so that tests run beside a stack that is in use. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return provideStack(project, { likeCloud: false });
}

/** @param mode Whether the stack also does what costs time on Google Cloud. */
export async function provideStack(
  project: TestProject,
  mode: Pick<StackOptions, 'likeCloud' | 'events'>,
): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'spillway-test-'));
  const queries = join(directory, 'queries');
  const operations = fileURLToPath(new URL('../examples/thumbnail', import.meta.url));
  const options = {
    ...mode,
    nodeArguments: recordingArguments(queries),
    operations,
    vms: 2,
    slots: 1,
    runMax: 2,
    engine: 'google' as const,
    reset: true,
    directory,
    fixedPorts: {},
    anyPorts: true,
  };
  const { value, tlsPort } = await withStorageTls(directory, () =>
    startStack(options, (line) => console.log(`  stack: ${line}`)),
  );
  const { stop, stopPart: _, relays: __, ...stack } = value;
  project.provide('stack', stack);
  project.provide('storageTlsPort', tlsPort);
  project.provide('logs', join(directory, 'logs'));
  project.provide('recordedQueries', queries);
  return async () => {
    await stop();
    await refuseWarnings(join(directory, 'logs'));
    await refuseLoggedSecrets(directory);
    await refuseUnindexedQueries(queries);
    await rm(directory, { recursive: true, force: true });
  };
}

/** The parts of the stack run for as long as the tests: listeners that gather there are a leak. */
async function refuseWarnings(logs: string): Promise<void> {
  for (const name of await readdir(logs)) {
    const log = await readFile(join(logs, name), 'utf8');
    const warning = /^.*MaxListenersExceededWarning.*$/m.exec(log)?.[0];
    if (warning) throw new Error(`${name}: ${warning}`);
  }
}

/** At the end, because only then all secrets of the run are known, whatever the order of its files. */
async function refuseLoggedSecrets(directory: string): Promise<void> {
  const { found } = await findLoggedSecrets(directory);
  if (found.length > 0) throw new Error(`The logs of this run have secrets.\n${found.join('\n')}`);
}

const indexes = new URL('../pipeline/gcp/firestore.indexes.json', import.meta.url);

/** Firestore's emulator answers what production refuses for the lack of an index. */
async function refuseUnindexedQueries(queries: string): Promise<void> {
  const { refused, unused } = await checkRecordedQueries(queries, await readIndexFile(indexes));
  if (refused.length > 0)
    throw new Error(`Firestore would refuse queries of this run.\n${refused.join('\n')}`);
  // A run of some files uses some indexes, so this is said only. Vitest has closed its own output by now.
  if (unused.length > 0) {
    process.stderr.write(`  stack: no query of this run used these indexes: ${unused.join('; ')}\n`);
  }
}
