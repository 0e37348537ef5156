import { PermanentError, RetryableError } from '@spillway/core/errors.ts';
import type { JobProgress } from '@spillway/core/job.ts';
import { machineErrorOf } from '@spillway/core/machine-lack.ts';
import { quantiseCheckpoint } from '@spillway/models/blip/quantise.ts';
import { fetchModel } from '@spillway/models/fetch.ts';
import type { FetchProgress } from '@spillway/models/install-types.ts';
import { modelToFetch } from '@spillway/models/model-to-fetch.ts';
import type { ModelsSettings } from '@spillway/models/settings.ts';
import type { Operate } from '@spillway/pipeline/executor.ts';

/** A job waits in a slot meanwhile: less patience than a person's own command has. Milliseconds. */
const pauses = [500, 1_500];
const notAgainForMs = 60_000;

/**
 * `operate`, which first fetches the model that a job asks for by name, where that is not installed and may be
 * fetched. The job says meanwhile how far it is.
 * @throws PermanentError `model_missing` or `model_invalid` where the model cannot be had; MachineError where this machine
 * cannot take it; what `operate` throws.
 * @param source As in `SPILLWAY_MODELS_SOURCE`.
 * @param onFetched Told how many milliseconds went into fetching.
 */
export function withModels(
  operate: Operate,
  models: ModelsSettings,
  source: string,
  onFetched: (ms: number) => void,
): Operate {
  return async (request) => {
    const { operation, options, signal, onProgress } = request;
    const model = await modelToFetch(operation, options, models, source);
    if (model) {
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
    }
    return await operate(request);
  };
}

/**
 * `fetchModel` has tried for a while, and says what to do: trying the whole job again would end no better. A folder that
 * cannot be written to is meant so; one that finds no room for a model is this machine's fault.
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

/** Some models are made smaller once they are there: their figures begin anew, which a job's share must not. */
function shareOf({ done, total }: FetchProgress): number {
  return total === null || total === 0 ? 0 : Math.min(1, done / total);
}
