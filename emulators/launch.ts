import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadPlugins, PluginError } from '@spillway/plugins/load.ts';
import { BuildError } from '@spillway/release/build-error.ts';
import { askedToEnd } from '@spillway/supervisor/asked-to-end.ts';
import { StartError } from '@spillway/supervisor/start-error.ts';
import { chooseEngine } from './choose-engine.ts';
import { dataFolders, type Stack, startStack } from './stack.ts';
import { readStackOptions, type StackOptions, usage } from './stack-options.ts';

/** `npm start`: everything on this machine, until Ctrl-C. Times are counted from the beginning of this process. */
const say = (line: string) => console.log(`${seconds()}  ${line}`);

try {
  const wanted = readStackOptions(
    process.argv.slice(2),
    process.env,
    fileURLToPath(new URL('..', import.meta.url)),
  );
  if (!wanted) {
    console.log(usage);
    process.exit(0);
  }
  const { engine, why: whyEngine } = await chooseEngine(wanted.engine);
  if (whyEngine !== null) say(whyEngine);
  const options = { ...wanted, engine };
  if (wanted.engine === null) sayOtherData(options);
  await loadPlugins(options.operations ?? '');
  const asked = askedToEnd();
  const abandon = new AbortController();
  asked.then(() => abandon.abort());
  const stack = await startStack(options, say, abandon.signal);
  console.log(`
Spillway is ready (${seconds()}).

  Site       ${stack.web}
  Dashboard  ${stack.adminUrl}
  API        ${stack.web}/api/v1/openapi.json
  Storage    ${stack.storage}   buckets ${Object.values(stack.buckets).join(', ')}
 ${engineLines(stack)}
  Logs       ${options.directory}/logs

Try: open ${stack.web} and press a sample.
Stop: Ctrl-C. Forget all data: npm start -- --reset
`);
  const why = await asked;
  say(`${why}: stopping …`);
  await stack.stop();
  say('Stopped; uploads and results are kept.');
  process.exit(0);
} catch (error) {
  const toldPlainly = [StartError, PluginError, BuildError].some((kind) => error instanceof kind);
  console.error(toldPlainly && error instanceof Error ? `\n${error.message}` : error);
  process.exit(1);
}

/** Whoever has worked on the other engine would miss pictures. */
function sayOtherData({ engine, directory }: StackOptions): void {
  const other = engine === 'google' ? 'embedded' : 'google';
  const folder = join(directory, dataFolders[other]);
  if (!existsSync(folder)) return;
  say(
    `What an earlier start made on the other engine is in ${folder}: \`npm start -- --engine ${other}\` has it.`,
  );
}

function engineLines(stack: Stack): string {
  switch (stack.engine) {
    case 'google':
      return ` Firestore  ${stack.firestore}\n  Pub/Sub    ${stack.pubsub}`;
    case 'embedded':
      return ` Database   ${stack.database}`;
    default:
      return stack satisfies never;
  }
}

function seconds(): string {
  return `${(performance.now() / 1_000).toFixed(1)} s`.padStart(7);
}
