import { PermanentError, RetryableError } from '@spillway/core/errors.ts';
import type { JobProgress } from '@spillway/core/job.ts';
import { machineErrorOf } from '@spillway/core/machine-lack.ts';
import { quantiseCheckpoint } from '@spillway/models/blip/quantise.ts';
import { fetchModel } from '@spillway/models/fetch.ts';
import type { FetchProgress } from '@spillway/models/install-types.ts';
import { modelToFetch } from '@spillway/models/model-to-fetch.ts';
import type { ModelsSettings } from '@spillway/models/settings.ts';
import type { Executor } from '@spillway/pipeline/executor.ts';

/**
 * Pauses between tries. The job is in the worker's hands during a fetch, so there are fewer than for a person's command.
 * Milliseconds.
 */
const pauses = [500, 1_500];
const notAgainForMs = 60_000;

/**
 * Fetches the model that a job asks for by name, where that is not installed and may be fetched. The job's progress shows
 * how far the fetch is.
 * @throws PermanentError `model_missing` or `model_invalid` where the model cannot be had; MachineError where this
 * machine cannot take it.
 * @param source As in `SPILLWAY_MODELS_SOURCE`.
 * @param onFetched Told how many milliseconds went into fetching.
 */
export function fetchingModels(
  models: ModelsSettings,
  source: string,
  onFetched: (ms: number) => void,
): NonNullable<Executor['prepare']> {
  return async ({ operation, options, signal, onProgress }) => {
    const model = await modelToFetch(operation, options, models, source);
    if (!model) return;
    const startedAt = performance.now();
    onProgress(downloading(model, 0));
    let share = 0;
    const report = (progress: FetchProgress) => {
      share = Math.max(share, shareOf(progress));
      onProgress(downloading(model, share));
    };
    await fetchModel(model, {
      folder: models.folder,
      source,
      quantise: quantiseCheckpoint,
      signal,
      onProgress: report,
      pauses,
      notAgainForMs,
    }).catch(giveUp);
    onProgress(null);
    onFetched(performance.now() - startedAt);
  };
}

/**
 * `fetchModel` has tried several times, and its error says what to do, so the job is not tried again. A folder that
 * cannot be written to is a choice of the operator's; a folder without room for the model is this machine's fault.
 */
function giveUp(error: unknown): never {
  const fault = machineErrorOf(error);
  if (fault && fault.lack !== 'writable_disk') throw fault;
  if (error instanceof RetryableError) throw new PermanentError(error.code, error.message, { cause: error });
  throw error;
}

function downloading(model: string, share: number): JobProgress {
  return { kind: 'downloading_model', model, share };
}

/**
 * Some models are made smaller after the fetch, and count from zero again. The caller keeps the job's share from
 * falling.
 */
function shareOf({ done, total }: FetchProgress): number {
  return total === null || total === 0 ? 0 : Math.min(1, done / total);
}
