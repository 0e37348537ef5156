import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fetchModels } from '../cli/models-command.ts';
import { openFileProcessor } from '../cli/process-files.ts';
import { PermanentError, RetryableError } from '../core/errors.ts';
import { captionResultSchema } from '../core/operations/caption.ts';
import { parseOptions } from '../core/operations.ts';
import { openLibrary } from '../models/library.ts';
import { modelsFolderFrom, modelsSourceFrom } from '../models/settings.ts';
import { type RembgPeer, rembgInstructions, startRembgPeer } from './peers/rembg.ts';
import { pictureDifference } from './picture-difference.ts';

/**
 * `npm run verify:real-models` installs U²-Net, U²-Netp and BLIP base. It compares the nets' masks with those of rembg
 * itself. It captions BLIP's own demonstration picture, and the ids must be those that transformers gives.
 *
 *   --from <source>      where models come from, as for `models fetch`; a missing model is reported and not verified
 *   --pictures <folder>  pictures for the masks (default: the site's samples)
 *
 * Exit code 1 if anything differs, or if nothing could be verified.
 */
const demo = 'https://storage.googleapis.com/sfr-vision-language-research/BLIP/demo.jpg';

/** 'a woman sitting on the beach with her dog', greedy and without a prompt, from [DEC] to [SEP]. */
const goldenIds = [30522, 1037, 2450, 3564, 2006, 1996, 3509, 2007, 2014, 3899, 102];

/** Levels of 0..255 by which masks may differ, because JPEG decoders and resamplers round differently. */
const mostMeanDifference = 1;

const repository = fileURLToPath(new URL('..', import.meta.url));
const workFolder = join(repository, '.local', 'real-models');
const modelsFolder = modelsFolderFrom(process.env);
const { values: flags } = parseArgs({
  options: { from: { type: 'string' }, pictures: { type: 'string' } },
});
const source = flags.from ?? modelsSourceFrom(process.env);

type Verdict = { kind: 'same' } | { kind: 'differs' } | { kind: 'not verified'; why: string };

await mkdir(workFolder, { recursive: true });
const peer = await startRembgPeer();
const verdicts: Record<string, Verdict> = {};
for (const name of ['u2netp', 'u2net'] as const) verdicts[name] = await verify(() => verifyMasks(name, peer));
verdicts['blip-image-captioning-base'] = await verify(verifyCaption);
peer?.close();
process.exitCode = report(verdicts);

/** Without its model or picture, a part is not verified. The other parts are. */
async function verify(check: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof PermanentError || error instanceof RetryableError)) throw error;
    return { kind: 'not verified', why: error.message };
  }
}

async function verifyMasks(name: 'u2net' | 'u2netp', rembg: RembgPeer | null): Promise<Verdict> {
  await fetchModels([name], modelsFolder, source);
  if (!rembg?.versions.rembg) {
    return { kind: 'not verified', why: `rembg is not installed. ${rembgInstructions.join(' && ')}` };
  }
  const { path: model } = await openLibrary(modelsFolder).saliency(name);
  const folder = flags.pictures ?? join(repository, 'web', 'public', 'samples');
  const pictures = (await readdir(folder)).filter((file) => /[.](jpe?g|png)$/i.test(file)).sort();
  let same = pictures.length > 0;
  for (const file of pictures) {
    const input = join(folder, file);
    const stem = join(workFolder, `${name}-${basename(file, extname(file))}`);
    const ours = await run('remove-background', { model: name, output: 'mask' }, input, `${stem}.spillway`);
    if (ours.kind !== 'made' || ours.out === null) throw new Error('The mask is missing.');
    const mask = `${stem}.rembg-mask.png`;
    const output = `${stem}.rembg.png`;
    await rembg.cutOut({ model, input, output, threads: 2, edges: 'straight', mask });
    const { mean, max } = await pictureDifference(ours.out, mask);
    console.log(
      `${name} on ${file}: ${mean.toFixed(3)} levels from rembg ${rembg.versions.rembg} on average, ${max} at most`,
    );
    same &&= mean <= mostMeanDifference;
  }
  return { kind: same ? 'same' : 'differs' };
}

async function verifyCaption(): Promise<Verdict> {
  await fetchModels(['blip-image-captioning-base'], modelsFolder, source);
  const options = { model: 'blip-image-captioning-base', beams: 1 };
  const outcome = await run('caption', options, await fetchDemo(), join(workFolder, 'demo-caption'));
  if (outcome.kind !== 'said') throw new Error('The caption is missing from its result.');
  const { caption, ids } = captionResultSchema.omit({ timings: true }).parse(outcome.document);
  console.log(`caption: ${caption}\nids: ${ids.join(' ')}`);
  const golden = goldenIds.join(' ');
  if (ids.join(' ') === golden) return { kind: 'same' };
  console.error(`The ids differ from those of transformers: ${golden}`);
  return { kind: 'differs' };
}

async function fetchDemo(): Promise<string> {
  const response = await fetch(demo).catch(() => {
    const why = `${new URL(demo).host} could not be reached for BLIP's picture.`;
    throw new RetryableError('model_missing', why);
  });
  if (!response.ok) throw new RetryableError('model_missing', `${demo} answered ${response.status}.`);
  const path = join(workFolder, 'demo.jpg');
  await writeFile(path, Buffer.from(await response.arrayBuffer()));
  return path;
}

async function run(
  operation: 'caption' | 'remove-background',
  options: Record<string, unknown>,
  picture: string,
  stem: string,
) {
  const parsed = parseOptions(operation, options);
  if (!parsed.ok) throw new Error(parsed.message);
  const processor = await openFileProcessor(operation, parsed.options, { folder: modelsFolder }, new Set());
  try {
    const outcome = await processor.run({ kind: 'file', path: picture }, { kind: 'stem', stem });
    if (outcome.kind === 'failed') throw new PermanentError('internal', outcome.message);
    return outcome;
  } finally {
    await processor.close();
  }
}

function report(found: Record<string, Verdict>): number {
  for (const [name, verdict] of Object.entries(found)) {
    console.log(`${name}: ${verdict.kind}${verdict.kind === 'not verified' ? `. ${verdict.why}` : ''}`);
  }
  const kinds = Object.values(found).map(({ kind }) => kind);
  // A person who names a folder asks only for the models in it.
  const isComplete = flags.from === undefined ? !kinds.includes('not verified') : kinds.includes('same');
  return isComplete && !kinds.includes('differs') ? 0 : 1;
}
