import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PermanentError, RetryableError } from '@spillway/core/errors.ts';
import { machineErrorOf } from '@spillway/core/machine-lack.ts';
import { storageProblem } from './download.ts';
import { findEntry, installCommand, type ModelName, manifest } from './entries.ts';
import { installFiles } from './install-files.ts';
import { takeInstallLock } from './install-lock.ts';
import type { FetchOptions, FetchProgress } from './install-types.ts';
import { type Installation, readInstallation } from './installation.ts';
import type { ManifestModel } from './manifest.ts';
import { openModelSource } from './open-model-source.ts';
import { forgetFailure, noteFailure, recentFailure } from './recent-failure.ts';

/**
 * Installs a model, or finds it installed. Continues an earlier attempt, and waits if another process installs the same
 * model. The model appears in the folder complete and checked, or not at all.
 * @throws PermanentError `model_missing` (the source does not have it) or `model_invalid` (wrong checksum).
 * @throws RetryableError `model_missing` after a few attempts, if a later one may succeed. The message says what to do.
 */
export async function fetchModel(name: ModelName, options: FetchOptions): Promise<Installation> {
  return await installModel(entryOf(name), options);
}

/** The same for a model that the caller describes. */
export async function installModel(entry: ManifestModel, options: FetchOptions): Promise<Installation> {
  const installed = await installationOf(options.folder, entry.name);
  if (installed) return installed;
  try {
    await install(entry, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw withAdvice(error, entry.name);
  }
  const installation = await installationOf(options.folder, entry.name);
  if (!installation) throw new Error(`The model ${entry.name} is not there although it was installed.`);
  return installation;
}

/** @throws PermanentError with the names that exist. */
export function entryOf(name: string): ManifestModel {
  const entry = findEntry(name);
  if (entry) return entry;
  const names = manifest.map((model) => model.name).join(', ');
  throw new PermanentError('model_missing', `No model is named ${name}. There are ${names}.`);
}

async function installationOf(folder: string, name: ModelName): Promise<Installation | null> {
  const state = await readInstallation(folder, name);
  return state.kind === 'installed' ? state.installation : null;
}

async function install(entry: ManifestModel, options: FetchOptions): Promise<void> {
  if (options.source === 'none') {
    throw new PermanentError(
      'model_missing',
      'Models are not fetched here (SPILLWAY_MODELS_SOURCE is none).',
    );
  }
  const source = await openModelSource(options.source);
  const parts = join(options.folder, '.partial');
  await mkdir(parts, { recursive: true });
  const tell = options.onProgress ?? (() => {});
  const throwRecentFailure = async (): Promise<void> => {
    const failure = await recentFailure(parts, entry.name, options.notAgainForMs ?? 0);
    if (failure) throw failure;
  };
  await throwRecentFailure();
  const lock = await takeInstallLock(
    join(parts, `${entry.name}.lock`),
    async () => (await installationOf(options.folder, entry.name)) !== null,
    ({ bytes, total }) => tell({ stage: 'waiting', done: bytes, total }),
    options.signal ?? new AbortController().signal,
  );
  if (!lock) return;
  try {
    // The previous holder of the lock may have just failed.
    await throwRecentFailure();
    const signal = AbortSignal.any(options.signal ? [options.signal, lock.lost] : [lock.lost]);
    const report = (progress: FetchProgress): void => {
      lock.report({ bytes: progress.done, total: progress.total });
      tell(progress);
    };
    await installFiles({ ...options, entry, source, workFolder: join(parts, entry.name), signal, report });
    await forgetFailure(parts, entry.name);
  } catch (error) {
    if (lock.lost.aborted) {
      const taken = 'Another process took over the installation because this one did not answer.';
      throw new RetryableError('model_missing', taken, { cause: error });
    }
    // No note of a machine's lack: the next job may find that it is over.
    const isOfTheMachine = machineErrorOf(error) !== null;
    if (!options.signal?.aborted && !isOfTheMachine) {
      await noteFailure(parts, entry.name, storageProblem(error) ?? error);
    }
    throw error;
  } finally {
    await lock.release();
  }
}

/** Adds the model's name to an error, and what a person can do. */
function withAdvice(error: unknown, name: ModelName): unknown {
  const known = storageProblem(error) ?? error;
  if (!(known instanceof PermanentError || known instanceof RetryableError)) return error;
  const isOfDisk = storageProblem(error) !== null;
  const message = `The model ${name} could not be installed: ${known.message} ${advice(known, name, isOfDisk)}`;
  const cause = { cause: error };
  return known instanceof PermanentError
    ? new PermanentError(known.code, message, cause)
    : new RetryableError(known.code, message, cause);
}

function advice(error: PermanentError | RetryableError, name: ModelName, isOfDisk: boolean): string {
  const elsewhere = 'A copy of it in a directory or bucket can be named with --from. ';
  const verb = error instanceof RetryableError ? 'Try again with' : 'The command is';
  // Another source does not help against a full or read-only disk.
  return `${isOfDisk ? '' : elsewhere}${verb}: ${installCommand(name)}`;
}
