import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dataFolders, startStack } from '@spillway/emulators/stack.ts';
import type { StackOptions } from '@spillway/emulators/stack-options.ts';
import type { Engine, StackFile } from '@spillway/pipeline/stack-file.ts';
import type { TestProject } from 'vitest/node';
import { findLoggedSecrets } from './logged-secrets.ts';
import { withStorageTls } from './storage-tls.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The stack that the files of a project share. */
    stack: StackFile;
    /** What the stacks run on that a file starts for itself. */
    engine: Engine;
    /** Where the stack's storage server speaks TLS; null on a machine without openssl. */
    storageTlsPort: number | null;
    /** The folder with a log for each part of the stack. */
    logs: string;
    /** The folder where queries to Firestore are noted down. */
    recordedQueries: string;
    /** The folder where is noted down what Google would bill, of a stack on its emulators. */
    billedOperations: string;
  }
}

/**
 * Starts a stack on free ports with data of its own, so that tests run beside a stack that is in use. The function that
 * it returns ends the stack, and throws where its logs have what no log may have.
 */
export async function provideStack(
  project: TestProject,
  mode: Pick<StackOptions, 'engine' | 'likeCloud' | 'events' | 'nodeArguments'>,
): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'spillway-test-'));
  const operations = fileURLToPath(new URL('../examples/thumbnail', import.meta.url));
  const options = {
    ...mode,
    operations,
    vms: 2,
    slots: 1,
    runMax: 2,
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
  return async () => {
    await stop();
    await refuseWarnings(join(directory, 'logs'));
    await refuseLoggedSecrets(directory, join(directory, dataFolders[mode.engine]));
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
async function refuseLoggedSecrets(directory: string, data: string): Promise<void> {
  const { found } = await findLoggedSecrets(directory, data);
  if (found.length > 0) throw new Error(`The logs of this run have secrets.\n${found.join('\n')}`);
}
