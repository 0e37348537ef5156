import type { Control } from '@spillway/core/heartbeat.ts';
import type { Fleet, FleetReading } from '@spillway/pipeline/ports/fleet.ts';
import type { WorkerView } from './admin-schema.ts';

export interface FleetView extends FleetReading {
  /** The workers in the order of their names, each with what is wanted of it. */
  views: WorkerView[];
}

/** An instance of Cloud Run that has not been heard of for so long is gone, milliseconds. */
const goneAfterMs = 60_000;

const nothingWanted: Control = { drain: false, pause: null };

/** The workers with their ages by the database's clock, and what the admin and their breakers want of each. */
export async function readFleet(fleet: Fleet): Promise<FleetView> {
  const [reading, controls] = await Promise.all([fleet.read(), fleet.controls()]);
  const views = reading.workers.filter(isOfInterest).map((worker) => {
    const { drain, pause } = controls.get(worker.id) ?? nothingWanted;
    return { ...worker, drain, pause };
  });
  return { ...reading, views: views.sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

/** Instances come and go by the dozen, and nobody has to be told which have gone; a VM that is gone is news. */
function isOfInterest({ kind, state, ageMs }: FleetReading['workers'][number]): boolean {
  return kind === 'vm' || (state !== 'stopped' && ageMs <= goneAfterMs);
}
