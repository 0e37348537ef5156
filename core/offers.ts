import { z } from 'zod';
import { automaticModel, builtInModel, captionModels, type ModelKind, saliencyModels } from './models.ts';
import { manifestOf, type OperationName } from './operations.ts';

/** What one worker can do. */
export const workerOffersSchema = z.object({
  /** Names of the operations that it knows. */
  operations: z.array(z.string()),
  /** Models that are installed where it runs. The built-in ones are everywhere. */
  models: z.array(z.string()),
  /** Whether it fetches a model that a job names and that is not installed. */
  fetches: z.boolean(),
});
export type WorkerOffers = z.infer<typeof workerOffersSchema>;

/** What all workers together can do of one operation. */
export const offerSchema = z.object({
  available: z.boolean(),
  /** Values of the option `model` that some worker can serve; null where all of them are, or there is no such option. */
  models: z.array(z.string()).nullable(),
});
export type Offer = z.infer<typeof offerSchema>;

const modelsOfKind: Record<ModelKind, readonly string[]> = {
  saliency: saliencyModels,
  caption: captionModels,
};

/**
 * What some worker can do of an operation.
 * @param workers What each can do; null for a worker that does not say, which is believed to do everything.
 */
export function offerOf(operation: OperationName, workers: readonly (WorkerOffers | null)[]): Offer {
  const able = workers.filter((offers) => offers === null || offers.operations.includes(operation));
  const { model: kind } = manifestOf(operation);
  if (kind === null || able.some((offers) => offers === null || offers.fetches)) {
    return { available: able.length > 0, models: null };
  }
  const installed = new Set(able.flatMap((offers) => offers?.models ?? []));
  const named = modelsOfKind[kind];
  const offered = named.filter((name) => installed.has(name));
  if (offered.length === named.length) return { available: able.length > 0, models: null };
  return { available: able.length > 0, models: [automaticModel, builtInModel, ...offered] };
}
