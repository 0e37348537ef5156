/**
 * Compares captions with transformers' token for token on random tiny checkpoints:
 *
 *   node bench/peers/caption_parity.ts [checkpoints=20] [pictures=5] [first seed=1000]
 *
 * each picture greedily and with 3 beams, without and with a prompt. SPILLWAY_PEER_PYTHON names the Python.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Caption,
  type CaptioningOptions,
  captionPicture,
  loadCaptioner,
} from '@spillway/processing/captioning/captioner.ts';
import type { Samples } from '@spillway/processing/samples.ts';
import sharp from 'sharp';
import { transformersInstructions, transformersPython } from './caption_transformers.ts';

interface Case {
  picture: string;
  options: CaptioningOptions;
  caption: string;
  ids: number[];
  beams: { ids: number[]; text: string; score: number }[];
  /** Whether transformers gives the same ids in 64-bit floats. If not, 32 bits cannot decide which ids are right. */
  steady: boolean;
}

const [checkpoints = 20, pictures = 5, firstSeed = 1000] = process.argv.slice(2).map(Number);
const folder = await mkdtemp(join(tmpdir(), 'spillway-parity-'));
try {
  makeCases();
  let equal = 0;
  let total = 0;
  let unsteady = 0;
  let largestDifference = 0;
  for (let seed = firstSeed; seed < firstSeed + checkpoints; seed++) {
    const cases = JSON.parse(await readFile(join(folder, `${seed}.json`), 'utf8')) as Case[];
    const captioner = await loadCaptioner(join(folder, String(seed)), 1);
    for (const expected of cases) {
      const pixels = await pixelsOf(join(folder, expected.picture));
      const caption = await captionPicture(captioner, pixels, expected.options);
      total++;
      if (agrees(caption, expected)) equal++;
      else reportDifference(seed, expected);
      if (!expected.steady) unsteady++;
      largestDifference = Math.max(largestDifference, scoreDifference(caption, expected));
    }
    await captioner.release();
  }
  console.log(`${equal} of ${total} agree token for token, in all beams.`);
  console.log(`Scores differ by ${largestDifference.toExponential(1)} at most.`);
  console.log(`In ${unsteady} of ${total}, torch says something else in 64-bit floats.`);
  if (equal < total) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}

function reportDifference(seed: number, { picture, options, steady }: Case): void {
  const excuse = steady ? '' : ', and so does torch from itself in 64-bit floats';
  console.log(`checkpoint ${seed}, ${picture}, ${JSON.stringify(options)}: differs${excuse}`);
}

function makeCases(): void {
  const python = transformersPython();
  if (!python) throw new Error(['Needs Python with transformers:', ...transformersInstructions].join('\n  '));
  const script = fileURLToPath(new URL('./caption_parity.py', import.meta.url));
  const args = [script, folder, checkpoints, pictures, firstSeed].map(String);
  const { status } = spawnSync(python, args, { stdio: ['ignore', 'inherit', 'ignore'] });
  if (status !== 0) throw new Error(`caption_parity.py ended with code ${status}.`);
}

async function pixelsOf(path: string): Promise<Samples> {
  const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels };
}

function agrees(caption: Caption, expected: Case): boolean {
  const essence = ({ caption, beams }: Pick<Case, 'caption' | 'beams'>) =>
    JSON.stringify([caption, beams.map(({ ids, text }) => [ids, text])]);
  return essence(caption) === essence(expected);
}

function scoreDifference(caption: Caption, expected: Case): number {
  const differences = caption.beams.map(({ score }, beam) =>
    Math.abs(score - (expected.beams[beam]?.score ?? 0)),
  );
  return Math.max(...differences);
}
