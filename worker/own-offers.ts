import { messageOf } from '@spillway/core/errors.ts';
import type { WorkerOffers } from '@spillway/core/offers.ts';
import { operationNames } from '@spillway/core/operations.ts';
import { installedNames } from '@spillway/models/installed-names.ts';
import type { Clock, Log } from '@spillway/pipeline/ports/ports.ts';

/** The folder may be a bucket that is mounted, where each look is a request. Milliseconds. */
const lookAgainAfterMs = 60_000;

/**
 * What this worker can do, for its heartbeats. The folder of models is looked at again once a minute; null until the
 * first look has ended.
 * @param source As in `SPILLWAY_MODELS_SOURCE`.
 */
export function createOwnOffers(
  { folder, source }: { folder: string; source: string },
  clock: Clock,
  log: Log,
): () => WorkerOffers | null {
  let offers: WorkerOffers | null = null;
  let lookedAt = Number.NEGATIVE_INFINITY;

  async function look(): Promise<void> {
    const models = await installedNames(folder);
    offers = { operations: [...operationNames], models, fetches: source !== 'none' };
  }

  return () => {
    const now = clock.now().getTime();
    if (now - lookedAt >= lookAgainAfterMs) {
      lookedAt = now;
      look().catch((error: unknown) =>
        log.warn({ error }, `The folder of models could not be read: ${messageOf(error)}`),
      );
    }
    return offers;
  };
}
