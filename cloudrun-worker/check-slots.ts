import { type RoutingSettings, slotsOfInstance } from '@spillway/core/settings.ts';
import type { Worker } from '@spillway/worker/worker.ts';

/**
 * Ends an instance that does not fit to the settings. Routers count on `run.concurrency` requests at a time to each
 * instance, and on `run.slots` of them being worked on: with fewer Cloud Run would refuse what they send, with more it
 * would be left idle. Throws.
 */
export async function checkSlots(
  worker: Pick<Worker, 'slots' | 'ports' | 'close'>,
  concurrency: number,
): Promise<void> {
  const settings = await readSettings(worker);
  const problem = settings && differenceOf(worker.slots, concurrency, settings);
  if (!problem) return;
  await worker.close();
  throw new Error(problem);
}

function differenceOf(slots: number, concurrency: number, settings: RoutingSettings): string | null {
  const { run } = settings;
  if (run.concurrency !== concurrency) {
    return (
      `This instance takes ${concurrency} requests at a time (SPILLWAY_CONCURRENCY, or SPILLWAY_SLOTS where that is not set), ` +
      `and run.concurrency in settings/routing is ${run.concurrency}. Give both, and the service's own concurrency ` +
      '(gcloud run services update … --concurrency), one value.'
    );
  }
  if (slotsOfInstance(settings) === slots) return null;
  return (
    `SPILLWAY_SLOTS is ${slots}, and routers count on ${slotsOfInstance(settings)}: run.slots in settings/routing, or ` +
    'run.concurrency where that is not set. Give both one value.'
  );
}

/**
 * Null during an outage, and while the document does not validate: an instance starts all the same. A new process knows
 * no last good settings, and has the defaults for them.
 */
async function readSettings({ ports }: Pick<Worker, 'ports'>): Promise<RoutingSettings | null> {
  try {
    const { settings, problem } = await ports.settings.readRouting();
    return problem === null ? settings : null;
  } catch (error) {
    ports.log.warn({ error }, 'The slots could not be held against settings/routing.');
    return null;
  }
}
