import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseOptions } from '@spillway/core/operations.ts';
import { modelsFolderFrom, modelsSourceFrom } from '@spillway/models/settings.ts';
import { fetchModels } from './models-command.ts';
import { openFileProcessor } from './process-files.ts';

/**
 * `npm run verify:real-models`: fetches BLIP base and U²-Netp, captions BLIP's own demonstration picture, and makes a
 * mask of it. The ids must be those that transformers gives. Needs a network; exit code 1 where anything differs.
 */
const demo = 'https://storage.googleapis.com/sfr-vision-language-research/BLIP/demo.jpg';

/** 'a woman sitting on the beach with her dog', greedy and without a prompt, from [DEC] to [SEP]. */
const goldenIds = [30522, 1037, 2450, 3564, 2006, 1996, 3509, 2007, 2014, 3899, 102];

const workFolder = fileURLToPath(new URL('../.local/real-models', import.meta.url));
const modelsFolder = modelsFolderFrom(process.env);

try {
  const picture = await fetchDemo();
  const source = modelsSourceFrom(process.env);
  await fetchModels(['blip-image-captioning-base', 'u2netp'], modelsFolder, source);
  await makeMask(picture);
  process.exitCode = (await captionIsGolden(picture)) ? 0 : 1;
} catch (error) {
  console.error(`The real models could not be verified: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

async function fetchDemo(): Promise<string> {
  const response = await fetch(demo).catch(() => {
    throw new Error(`this needs a network, and ${new URL(demo).host} could not be reached.`);
  });
  if (!response.ok) throw new Error(`${demo} answered ${response.status} ${response.statusText}.`);
  await mkdir(workFolder, { recursive: true });
  const path = join(workFolder, 'demo.jpg');
  await writeFile(path, Buffer.from(await response.arrayBuffer()));
  return path;
}

async function makeMask(picture: string): Promise<void> {
  const outcome = await run('remove-background', { model: 'u2netp', output: 'mask' }, picture, 'demo-mask');
  if (outcome.kind === 'failed') throw new Error(outcome.message);
  console.log(`mask: ${outcome.out}`);
}

async function captionIsGolden(picture: string): Promise<boolean> {
  const options = { model: 'blip-image-captioning-base', beams: 1 };
  const outcome = await run('caption', options, picture, 'demo-caption');
  if (outcome.kind === 'failed') throw new Error(outcome.message);
  if (outcome.kind !== 'captioned') throw new Error('The caption is missing from its result.');
  const { caption, ids } = outcome.caption;
  console.log(`caption: ${caption}\nids: ${ids.join(' ')}`);
  const golden = goldenIds.join(' ');
  if (ids.join(' ') === golden) return true;
  console.error(`The ids differ from those of transformers: ${golden}`);
  return false;
}

async function run(
  operation: 'caption' | 'remove-background',
  values: Record<string, unknown>,
  picture: string,
  stem: string,
) {
  const parsed = parseOptions(operation, values);
  if (!parsed.ok) throw new Error(parsed.message);
  const processor = await openFileProcessor(operation, parsed.options, { folder: modelsFolder }, new Set());
  try {
    return await processor.run(
      { kind: 'file', path: picture },
      { kind: 'stem', stem: join(workFolder, stem) },
    );
  } finally {
    await processor.close();
  }
}
