import type { Fleet } from '@spillway/pipeline/ports/fleet.ts';
import type { WorkerView } from './schema.ts';

/** The workers with their ages by the database's clock, and what the admin wants of each. */
export async function readWorkers(fleet: Fleet): Promise<WorkerView[]> {
  const { workers } = await fleet.read();
  const views = workers.map(async (worker) => ({
    ...worker,
    drain: (await fleet.control(worker.id)).drain,
  }));
  const sorted = (await Promise.all(views)).sort((a, b) => (a.id < b.id ? -1 : 1));
  return sorted;
}
