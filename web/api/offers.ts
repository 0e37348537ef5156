import { messageOf } from '@spillway/core/errors.ts';
import { type Offer, offerOf, type WorkerOffers } from '@spillway/core/offers.ts';
import { operationNames } from '@spillway/core/operations.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';

/** The fleet is read at most this often for all pages together, milliseconds. */
const readAgainAfterMs = 10_000;
/** A worker that is silent for longer is gone, milliseconds. */
const goneAfterMs = 60_000;

export interface OperationOffers {
  /** By operation. Empty where it is not known, because the database does not answer. */
  read(): Promise<Record<string, Offer>>;
}

/**
 * What can be done at the moment: by a worker that is alive, or by an instance that Cloud Run would start, whose models
 * are in the routing settings.
 */
export function createOperationOffers({
  fleet,
  settings,
  clock,
  log,
}: Pick<Ports, 'fleet' | 'settings' | 'clock' | 'log'>): OperationOffers {
  let latest: { at: number; offers: Promise<Record<string, Offer>> } | null = null;

  async function readWorkers(): Promise<(WorkerOffers | null)[]> {
    const [{ workers }, { run }] = await Promise.all([fleet.read(), settings.routing()]);
    const living = workers.filter(
      ({ state, ageMs, kind }) => state !== 'stopped' && (kind === 'run' || ageMs <= goneAfterMs),
    );
    const offers = living.map((worker) => worker.offers);
    const startsInstances = run.enabled && run.maxInstances > 0;
    const operations = [...operationNames];
    return startsInstances ? [...offers, { operations, models: run.models, fetches: false }] : offers;
  }

  async function readOffers(): Promise<Record<string, Offer>> {
    try {
      const workers = await readWorkers();
      return Object.fromEntries(operationNames.map((name) => [name, offerOf(name, workers)]));
    } catch (error) {
      log.warn({ error }, `What workers can do is not known for now: ${messageOf(error)}`);
      return {};
    }
  }

  return {
    read() {
      const now = clock.now().getTime();
      if (!latest || now - latest.at >= readAgainAfterMs) latest = { at: now, offers: readOffers() };
      return latest.offers;
    },
  };
}
