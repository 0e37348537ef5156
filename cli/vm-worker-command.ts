import { realpathSync } from 'node:fs';
import { leaveSignals } from './signals.ts';
import { type ExitCode, exitCodes } from './usage-error.ts';
import { vmWorkerUnit } from './vm-worker-unit.ts';

/** `spillway vm-worker`: the process is a VM worker from here on, and ends as one. */
export async function vmWorkerCommand(
  printUnit: boolean,
  environment: Record<string, string | undefined>,
): Promise<ExitCode> {
  if (printUnit) return printVmWorkerUnit();
  leaveSignals();
  // Loaded on demand: Google's clients take longer to load than a sketch to draw.
  const { serveAsVmWorker } = await import('@spillway/vm-worker/vm-worker.ts');
  return serveAsVmWorker(environment);
}

function printVmWorkerUnit(): ExitCode {
  const script = realpathSync(process.argv[1] ?? '');
  process.stdout.write(vmWorkerUnit(process.execPath, script));
  const hidden = [process.execPath, script].filter((path) => /^\/(home|root|run\/user)\//.test(path));
  for (const path of hidden) {
    console.error(
      `The unit sees no home folders, and ${path} is in one: install it below /opt, for example.`,
    );
  }
  return exitCodes.done;
}
