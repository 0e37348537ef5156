import { PermanentError, RetryableError } from '@spillway/core/errors.ts';
import { manifestOf, operationNames } from '@spillway/core/operations.ts';
import { loadPlugins, PluginError } from '@spillway/plugins/load.ts';
import { type CAC, cac } from 'cac';
import { plainArguments } from './arguments.ts';
import type { CommandGroup, Environment } from './command-group.ts';
import { fileProblem } from './file-problem.ts';
import packageJson from './package.json' with { type: 'json' };
import { type ExitCode, exitCodes, UsageError } from './usage-error.ts';

function describeCommands(groups: readonly CommandGroup[], environment: Environment): CAC {
  const cli = cac('spillway');
  for (const group of groups) group(cli, environment);
  cli.help((sections) => [...sections, { title: 'Operations and their options', body: operationsHelp() }]);
  cli.version(packageJson.version);
  return cli;
}

function operationsHelp(): string {
  const lines = operationNames.map(
    (name) => `  ${name}: ${Object.keys(manifestOf(name).options.shape).join(', ')}`,
  );
  return lines.join('\n');
}

/** Runs one command. Results go to standard output, everything else to standard error. Never rejects. */
export async function runCommand(
  args: string[],
  groups: readonly CommandGroup[],
  environment: Environment,
): Promise<ExitCode> {
  try {
    return await dispatch(args, groups, environment);
  } catch (error) {
    return exitCodeOf(error);
  }
}

async function dispatch(
  args: string[],
  groups: readonly CommandGroup[],
  environment: Environment,
): Promise<ExitCode> {
  // A VM worker, and what runs one, load their plug-ins themselves.
  if (args[0] !== 'vm-worker' && args[0] !== 'serve')
    await loadPlugins(environment.SPILLWAY_OPERATIONS ?? '');
  const cli = describeCommands(groups, environment);
  const { options } = cli.parse([process.execPath, 'spillway', ...plainArguments(args)], { run: false });
  if (options.help === true || options.version === true) return exitCodes.done;
  if (cli.matchedCommand) return await cli.runMatchedCommand();
  const [name] = cli.args;
  if (name === undefined) cli.outputHelp();
  else {
    const names = cli.commands.map((command) => command.name).join(', ');
    console.error(`"${name}" is no command of spillway. There are: ${names}. See: npx spillway --help`);
  }
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
