import http from 'node:http';
import { modelsFolderFrom, modelsSourceFrom } from '@spillway/models/settings.ts';
import { type CommandGroup, type Environment, type Flags, textFlag } from './command-group.ts';
import { fetchModels, listModels, operationsWith, verifyModels } from './models-command.ts';
import { type ProcessFlags, processCommand } from './process-command.ts';
import { type ExitCode, UsageError } from './usage-error.ts';

/** What needs nothing but pictures and models. */
export const pictureCommands: CommandGroup = (cli, environment) => {
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
};

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
