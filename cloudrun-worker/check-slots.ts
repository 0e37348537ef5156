import type { RoutingSettings } from '@spillway/core/settings.ts';
import type { Worker } from '@spillway/worker/worker.ts';

/**
 * Ends an instance whose slots do not fit to the settings. Routers count on `run.concurrency` jobs at a time on each
 * instance: with fewer slots Cloud Run would refuse what they send, with more it would be left idle. Throws.
 */
export async function checkSlots(worker: Pick<Worker, 'slots' | 'ports' | 'close'>): Promise<void> {
  const settings = await readSettings(worker);
  if (!settings || settings.run.concurrency === worker.slots) return;
  await worker.close();
  throw new Error(
    `SPILLWAY_SLOTS is ${worker.slots}, and run.concurrency in settings/routing is ${settings.run.concurrency}. Give ` +
      "both, and the service's own concurrency (gcloud run services update … --concurrency), one value.",
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
