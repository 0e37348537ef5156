import { type CommandGroup, type Environment, type Flags, textFlag } from './command-group.ts';
import { type ExitCode, UsageError } from './usage-error.ts';
import { vmWorkerCommand } from './vm-worker-command.ts';

/** What runs Spillway, and what looks after one that runs. */
export const systemCommands: CommandGroup = (cli, environment) => {
  cli
    .command('vm-worker', 'Work as a further VM of a Spillway: its settings come from the environment')
    .option('--print-unit', 'Print a systemd unit for it, and do nothing else')
    .example('  spillway vm-worker --print-unit | sudo tee /etc/systemd/system/spillway-vm-worker.service')
    .action((flags: Flags) => vmWorkerCommand(flags.printUnit === true, environment));
  cli
    .command('serve', 'Run all of Spillway on this machine: site, API, router and workers')
    .usage('serve [--data folder] [--port n] [--host address] [--slots n] …')
    .option('--data <folder>', 'Where everything is kept (default: SPILLWAY_DATA, else ./spillway-data)')
    .option('--port <n>', 'Port of the site (default: PORT, else 4321)')
    .option('--host <address>', 'Where the site listens (default: SPILLWAY_HOST, else 127.0.0.1)')
    .option('--slots <n>', 'Jobs at a time (default: SPILLWAY_SLOTS, else one for each processor)')
    .option('--models <folder>', 'Installed models (default: SPILLWAY_MODELS_DIR, else in the data folder)')
    .option('--public-url <address>', 'The site as browsers know it, where a proxy is in front of it')
    .option('--proxies <n>', 'Proxies that append to X-Forwarded-For (default: 1 with --public-url, else 0)')
    .option(
      '--storage-port <n>',
      'Port of the buckets for clients of Cloud Storage (default: any, for the parts alone)',
    )
    .option('--storage-host <address>', 'Where that port is: it asks nobody who he is (default: 127.0.0.1)')
    .option('--uploads-kept-days <n>', 'Delete uploads at this age (default: never)')
    .option('--results-kept-days <n>', 'Delete results at this age (default: never)')
    .option('--min-free <GiB>', 'Refuse uploads where less of the disk is free (default: 0.5)')
    .option('--max-stored <GiB>', 'Refuse uploads where more is kept (default: no limit)')
    .option('--logs <where>', 'files: in the data folder; output: of this process (default: files)')
    .option('--print-unit', 'Print a systemd unit for it, and do nothing else')
    .example('  spillway serve --data /var/lib/spillway --public-url https://pictures.example.org')
    .action((flags: Flags) => runServeCommand('serve', flags, environment));
  cli
    .command('admin-address', 'Print the address that opens the dashboard of `spillway serve`')
    .option('--data <folder>', 'Its data folder (default: SPILLWAY_DATA, else ./spillway-data)')
    .option('--public-url <address>', 'The site as browsers know it, where a proxy is in front of it')
    .option('--renew', 'Make a new one, for the case that somebody else knows the old one')
    .action((flags: Flags) => runServeCommand('admin-address', flags, environment));
  cli
    .command(
      'backup <to>',
      'Copy documents and pictures of `spillway serve` into a new folder, while it runs',
    )
    .option('--data <folder>', 'Its data folder (default: SPILLWAY_DATA, else ./spillway-data)')
    .option('--json', 'Print what was copied as JSON')
    .example('  spillway backup /mnt/backups/2026-11-27 --data /var/lib/spillway')
    .action((to: string, flags: Flags) => runServeCommand('backup', { ...flags, folder: to }, environment));
  cli
    .command('restore <from>', 'Bring a backup back, once all of it is found to be sound')
    .option('--data <folder>', 'An empty folder (default: SPILLWAY_DATA, else ./spillway-data)')
    .option('--replace', 'Move a Spillway aside that is there and does not run')
    .option('--json', 'Print what was restored as JSON')
    .action((from: string, flags: Flags) =>
      runServeCommand('restore', { ...flags, folder: from }, environment),
    );
  cli
    .command('dead-letters', 'Print what `spillway serve` has put aside, since nobody could handle it')
    .option('--data <folder>', 'Its data folder (default: SPILLWAY_DATA, else ./spillway-data)')
    .option('--forget', 'Remove what is printed')
    .option('--json', 'Print the messages as JSON, one a line')
    .action((flags: Flags) => runServeCommand('dead-letters', flags, environment));
  cli
    .command('doctor', 'Ask a running Spillway what is wrong with it')
    .usage('doctor [--data folder | --stack file | --project id] [--json]')
    .option('--data <folder>', 'The data folder of a `spillway serve`')
    .option('--stack <file>', 'The stack.json of a local stack (default: that of this folder)')
    .option('--project <id>', 'The project on Google Cloud (default: SPILLWAY_PROJECT)')
    .option('--json', 'Print the answers as JSON')
    .action((flags: Flags) => runDoctor(flags, environment));
};

/** What belongs to one machine. It is loaded on demand, as everything that a sketch does not need. */
async function runServeCommand(
  name: 'serve' | 'admin-address' | 'backup' | 'restore' | 'dead-letters',
  flags: Flags,
  environment: Environment,
): Promise<ExitCode> {
  const { serveCommands } = await import('./serve-command.ts');
  return serveCommands[name](flags, environment);
}

async function runDoctor(flags: Flags, environment: Environment): Promise<ExitCode> {
  // Loaded on demand: Google's clients take longer to load than a sketch to draw.
  const { doctorCommand } = await import('./doctor-command.ts');
  const named = {
    data: textFlag(flags, 'data'),
    stack: textFlag(flags, 'stack'),
    project: textFlag(flags, 'project'),
  };
  if (Object.values(named).filter((value) => value !== null).length > 1) {
    throw new UsageError('--data, --stack and --project name a system each: give one of them.');
  }
  return doctorCommand({ ...named, json: flags.json === true }, environment);
}
