import { realpathSync } from 'node:fs';
import { type ExitCode, exitCodes } from './usage-error.ts';

/** Prints a unit for this installation, and says where systemd would not find it. */
export function printUnit(unit: (node: string, script: string) => string): ExitCode {
  const script = realpathSync(process.argv[1] ?? '');
  process.stdout.write(unit(process.execPath, script));
  const hidden = [process.execPath, script].filter((path) => /^\/(home|root|run\/user)\//.test(path));
  for (const path of hidden) {
    console.error(
      `The unit sees no home folders, and ${path} is in one: install it below /opt, for example.`,
    );
  }
  return exitCodes.done;
}
