import { printUnit } from './print-unit.ts';
import { leaveSignals } from './signals.ts';
import type { ExitCode } from './usage-error.ts';
import { vmWorkerUnit } from './vm-worker-unit.ts';

/** `spillway vm-worker`: the process is a VM worker from here on, and ends as one. */
export async function vmWorkerCommand(
  unitOnly: boolean,
  environment: Record<string, string | undefined>,
): Promise<ExitCode> {
  if (unitOnly) return printUnit(vmWorkerUnit);
  leaveSignals();
  // Loaded on demand: Google's clients take longer to load than a sketch to draw.
  const { serveAsVmWorker } = await import('@spillway/vm-worker/vm-worker.ts');
  return serveAsVmWorker(environment);
}
