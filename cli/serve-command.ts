import { formatBytes } from '@spillway/core/amounts.ts';
import { PassingStartError, StartError } from '@spillway/supervisor/start-error.ts';
import { printable, printableJson } from './arguments.ts';
import packageJson from './package.json' with { type: 'json' };
import { printUnit } from './print-unit.ts';
import { serveUnit } from './serve-unit.ts';
import { leaveSignals } from './signals.ts';
import { type ExitCode, exitCodes } from './usage-error.ts';

type Flags = Record<string, unknown>;
type Environment = Record<string, string | undefined>;
type Command = (flags: Flags, environment: Environment) => Promise<ExitCode>;

/** Dead letters that are printed at once. */
const mostDeadLetters = 1_000;

/** The commands of one machine, by their names. Each loads what it needs. */
export const serveCommands = {
  /** The product on one machine, until it is asked to end. Ends the process. */
  serve: async (flags, environment) => {
    if (flags.printUnit === true) return printUnit(serveUnit);
    leaveSignals();
    return plainly(async () => {
      const options = await readOptions(flags, environment);
      const { serveOneMachine } = await import('@spillway/serve/serve.ts');
      await serveOneMachine(options, { version: packageJson.version, environment });
      process.exit(exitCodes.done);
    });
  },

  /** Prints what opens the dashboard. */
  'admin-address': (flags, environment) =>
    plainly(async () => {
      const options = await readOptions(flags, environment);
      const { adminAddressOf } = await import('@spillway/serve/admin-address.ts');
      const { address, renewed } = await adminAddressOf(options, flags.renew === true);
      console.log(address);
      if (renewed === 'until_restart') {
        console.error('The address before this one works until Spillway is started again.');
      }
      return exitCodes.done;
    }),

  backup: (flags, environment) =>
    plainly(async () => {
      const { data } = await readOptions(flags, environment);
      const { backupMachine } = await import('@spillway/serve/backup.ts');
      const backup = await backupMachine(data, String(flags.folder), packageJson.version);
      if (flags.json === true) console.log(printableJson(backup));
      else {
        const size = `${backup.objects} objects of ${formatBytes(backup.bytes)}`;
        console.log(`The backup is in ${backup.folder}: all documents, and ${size}.`);
        for (const problem of backup.problems) console.error(problem);
      }
      return exitCodes.done;
    }),

  restore: (flags, environment) =>
    plainly(async () => {
      const { data } = await readOptions(flags, environment);
      const { restoreMachine } = await import('@spillway/serve/restore.ts');
      const restored = await restoreMachine(String(flags.folder), data, flags.replace === true);
      if (flags.json === true) console.log(printableJson(restored));
      else {
        const { folder, at, objects, bytes, before } = restored;
        console.log(
          `${folder} is as it was at ${at}: all documents, and ${objects} objects of ${formatBytes(bytes)}.`,
        );
        if (before !== null)
          console.log(`What was there before is in ${before}. Remove it when it is not needed.`);
      }
      return exitCodes.done;
    }),

  'dead-letters': (flags, environment) =>
    plainly(async () => {
      const { data } = await readOptions(flags, environment);
      const { readDeadLetters } = await import('@spillway/serve/dead-letters.ts');
      const forget = flags.forget === true;
      const letters = await readDeadLetters(data, mostDeadLetters, forget);
      for (const letter of letters) {
        if (flags.json === true) console.log(printableJson(letter));
        else console.log(`${letter.at.toISOString()} ${printable(letter.problem)}`);
      }
      const count = letters.length === mostDeadLetters ? `The first ${mostDeadLetters}` : letters.length;
      console.error(`${count} put aside${forget ? ', and forgotten now' : ''}.`);
      return exitCodes.done;
    }),
} satisfies Record<string, Command>;

async function readOptions(flags: Flags, environment: Environment) {
  const { readServeOptions } = await import('@spillway/serve/options.ts');
  return readServeOptions(flags, environment);
}

/** Says in one sentence what a person has to change, and nothing of the program. Files are made for their owner alone. */
async function plainly(run: () => Promise<ExitCode>): Promise<ExitCode> {
  process.umask(0o077);
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    console.error(error.message);
    // systemd tries again after the one, and not after the other (`serve-unit.ts`).
    return error instanceof PassingStartError ? exitCodes.failed : exitCodes.usage;
  }
}
