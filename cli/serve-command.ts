import { StartError } from '@spillway/supervisor/start-error.ts';
import packageJson from './package.json' with { type: 'json' };
import { printUnit } from './print-unit.ts';
import { serveUnit } from './serve-unit.ts';
import { leaveSignals } from './signals.ts';
import { type ExitCode, exitCodes } from './usage-error.ts';

type Environment = Record<string, string | undefined>;

/** `spillway serve`: the product on one machine, until it is asked to end. Ends the process. */
export async function serveCommand(
  flags: Record<string, unknown>,
  environment: Environment,
): Promise<ExitCode> {
  if (flags.printUnit === true) return printUnit(serveUnit);
  leaveSignals();
  return plainly(async () => {
    const { readServeOptions } = await import('@spillway/serve/options.ts');
    const options = readServeOptions(flags, environment);
    const { serveOneMachine } = await import('@spillway/serve/serve.ts');
    await serveOneMachine(options, { version: packageJson.version, environment });
    // Timers of a npm that is watched, and nothing else, may be left.
    process.exit(exitCodes.done);
  });
}

/** `spillway admin-address`: prints what opens the dashboard. */
export async function adminAddressCommand(
  flags: Record<string, unknown>,
  environment: Environment,
): Promise<ExitCode> {
  return plainly(async () => {
    const { readServeOptions } = await import('@spillway/serve/options.ts');
    const { adminAddressOf } = await import('@spillway/serve/admin-address.ts');
    const { address, renewed } = await adminAddressOf(
      readServeOptions(flags, environment),
      flags.renew === true,
    );
    console.log(address);
    if (renewed === 'until_restart') {
      console.error('The address before this one works until Spillway is started again.');
    }
    return exitCodes.done;
  });
}

/** Says in one sentence what a person has to change, and nothing of the program. */
async function plainly(run: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    console.error(error.message);
    return exitCodes.usage;
  }
}
