import http from 'node:http';
import { PermanentError, RetryableError } from '@spillway/core/errors.ts';
import { manifestOf, operationNames } from '@spillway/core/operations.ts';
import { modelsFolderFrom, modelsSourceFrom } from '@spillway/models/settings.ts';
import { loadPlugins, PluginError } from '@spillway/plugins/load.ts';
import { type CAC, cac } from 'cac';
import { plainArguments } from './arguments.ts';
import { fileProblem } from './file-problem.ts';
import { fetchModels, listModels, operationsWith, verifyModels } from './models-command.ts';
import packageJson from './package.json' with { type: 'json' };
import { type ProcessFlags, processCommand } from './process-command.ts';
import { type ExitCode, exitCodes, UsageError } from './usage-error.ts';
import { vmWorkerCommand } from './vm-worker-command.ts';

/** The values that cac gives: text, a list for a repeated option, or true if the value was left out. */
type Flags = Record<string, unknown>;

type Environment = Record<string, string | undefined>;

function describeCommands(environment: Environment): CAC {
  const cli = cac('spillway');
  cli
    .command('process <operation> <input>', 'Run an operation on a picture, or on every picture of a folder')
    .usage('process <operation> <input> [--out path] [--option name=value …] [--recursive] [--json]')
    .option(
      '--out <path>',
      'Result file, whose ending names its form, or a folder (default: beside the input)',
    )
    .option('--recursive', 'Take the pictures of sub-folders too')
    .option('--option <name=value>', 'An option of the operation; may be repeated')
    .option('--json', 'Print results as JSON, one line a file')
    .option('--model-file <file>', `${operationsWith('saliency')}: an ONNX file of your own`)
    .option(
      '--model-input <form>',
      'How that file wants its input: u2net, isnet, birefnet …, or side=1024,mean=0.5,std=1 (default: <file>.json)',
    )
    .option('--model-dir <folder>', `${operationsWith('caption')}: a BLIP checkpoint of your own`)
    .example('  spillway process sketch photo.jpg --option blur=9')
    .example('  spillway process remove-background photos/ --recursive --out cut-outs/')
    .example('  spillway process sketch - --out - < photo.jpg > sketch.png')
    .example('  spillway process remove-background photo.jpg --model-file net.onnx --model-input isnet')
    .example('  spillway process caption photo.jpg --json')
    .action((operation: string, input: string, flags: Flags) =>
      processCommand(operation, String(input), readFlags(flags), {
        folder: modelsFolderFrom(environment),
        isNamed: Boolean(environment.SPILLWAY_MODELS_DIR),
      }),
    );

  cli
    .command('models <action> [...names]', 'list, fetch or verify models')
    .usage('models list | fetch <name…> [--from source] | verify [name…]')
    .option(
      '--from <source>',
      'public, gs://bucket/prefix or a folder (default: SPILLWAY_MODELS_SOURCE, else public)',
    )
    .action((action: string, names: string[], flags: Flags) => runModels(action, names, flags, environment));
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
  cli.help((sections) => [...sections, { title: 'Operations and their options', body: operationsHelp() }]);
  cli.version(packageJson.version);
  return cli;
}

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

async function runModels(
  action: string,
  names: string[],
  flags: Flags,
  environment: Environment,
): Promise<ExitCode> {
  const folder = modelsFolderFrom(environment);
  switch (action) {
    case 'list':
      return await listModels(folder);
    case 'fetch': {
      useProxies(environment);
      const source = textFlag(flags, 'from') ?? modelsSourceFrom(environment);
      return await fetchModels(names, folder, source);
    }
    case 'verify':
      return await verifyModels(names, folder);
    default:
      throw new UsageError(`"models ${action}" is no command: list, fetch and verify are.`);
  }
}

/** Sends everything that is fetched through `HTTPS_PROXY` and `HTTP_PROXY`, except to the hosts of `NO_PROXY`. */
function useProxies({ HTTPS_PROXY, HTTP_PROXY, https_proxy, http_proxy }: Environment): void {
  if (HTTPS_PROXY || HTTP_PROXY || https_proxy || http_proxy) http.setGlobalProxyFromEnv();
}

function readFlags(flags: Flags): ProcessFlags {
  const option = flags.option === undefined ? [] : [flags.option].flat().map(String);
  return {
    out: textFlag(flags, 'out'),
    option,
    json: flags.json === true,
    recursive: flags.recursive === true,
    modelFile: textFlag(flags, 'modelFile'),
    modelInput: textFlag(flags, 'modelInput'),
    modelDir: textFlag(flags, 'modelDir'),
  };
}

function textFlag(flags: Flags, name: string): string | null {
  const value = flags[name];
  if (value === undefined) return null;
  if (Array.isArray(value)) throw new UsageError(`--${name} may be given once.`);
  return String(value);
}

function operationsHelp(): string {
  const lines = operationNames.map(
    (name) => `  ${name}: ${Object.keys(manifestOf(name).options.shape).join(', ')}`,
  );
  return lines.join('\n');
}

/** Runs one command. Results go to standard output, everything else to standard error. Never rejects. */
export async function runCommand(args: string[], environment: Environment): Promise<ExitCode> {
  try {
    return await dispatch(args, environment);
  } catch (error) {
    return exitCodeOf(error);
  }
}

async function dispatch(args: string[], environment: Environment): Promise<ExitCode> {
  // A VM worker, and what runs one, load their plug-ins themselves.
  if (args[0] !== 'vm-worker' && args[0] !== 'serve')
    await loadPlugins(environment.SPILLWAY_OPERATIONS ?? '');
  const cli = describeCommands(environment);
  const { options } = cli.parse([process.execPath, 'spillway', ...plainArguments(args)], { run: false });
  if (options.help === true || options.version === true) return exitCodes.done;
  if (cli.matchedCommand) return await cli.runMatchedCommand();
  const [name] = cli.args;
  if (name === undefined) cli.outputHelp();
  else
    console.error(
      `"${name}" is no command of spillway: process, models, serve, admin-address, backup, restore, dead-letters, doctor and vm-worker are. See: npx spillway --help`,
    );
  return exitCodes.usage;
}

function exitCodeOf(error: unknown): ExitCode {
  // cac's own errors are about arguments that are missing or unknown.
  if (error instanceof UsageError || (error instanceof Error && error.name === 'CACError')) {
    console.error(`${error.message} See: npx spillway --help`);
    return exitCodes.usage;
  }
  if (error instanceof PluginError) {
    console.error(error.message);
    return exitCodes.usage;
  }
  if (error instanceof PermanentError || error instanceof RetryableError) console.error(error.message);
  else console.error(systemSentence(error) ?? error);
  return exitCodes.failed;
}

/** A sentence for an error of the file system, such as a full disk; null for any other error. */
function systemSentence(error: unknown): string | null {
  const problem = fileProblem(error);
  if (problem === null) return null;
  const path = error instanceof Error && 'path' in error ? String(error.path) : 'A file';
  return `${path} ${problem}.`;
}
