import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PermanentError } from '@spillway/core/errors.ts';
import type { CheckedImage } from '../../processing/checked-image.ts';
import { decodeRgb } from '../../processing/decode.ts';
import { checkInput } from '../../processing/input-gate.ts';
import { defaultInputLimits } from '../../processing/input-limits.ts';
import { sketch } from '../../processing/operations/sketch.ts';
import { openRaw } from '../../processing/samples.ts';
import { pictureDifference } from '../picture-difference.ts';
import { type OpencvPeer, opencvInstructions, startOpencv } from './opencv.ts';

/**
 * Compares sketches with OpenCV's for every picture of a folder, such as Willem van Schaik's PNG suite.
 * Usage: node bench/peers/sketch_suite.ts <folder> [kernel, 21]
 *
 * Both draw from the same samples: the picture upright, in sRGB, on white. OpenCV's own decoder ignores gamma, profiles
 * and transparency, which nearly all pictures of the suite have.
 */
const [folder, kernel = '21'] = process.argv.slice(2);
if (!folder) throw new Error('Name a folder of pictures.');
const blur = Number(kernel);

interface Outcome {
  name: string;
  mean: number;
  max: number;
}

async function compare(opencv: OpencvPeer, scratch: string, name: string): Promise<Outcome | null> {
  const image = await valid(join(folder ?? '', name));
  if (!image) return null;
  const seen = join(scratch, 'seen.png');
  await openRaw(await decodeRgb(image))
    .png()
    .toFile(seen);
  const [ours, theirs] = [join(scratch, 'ours.png'), join(scratch, 'theirs.png')];
  await writeFile(ours, (await sketch.make(image, { blur, format: 'png' })).bytes);
  await opencv.sketch(seen, theirs, blur);
  return { name, ...(await pictureDifference(ours, theirs)) };
}

async function valid(path: string): Promise<CheckedImage | null> {
  try {
    const image = await checkInput(path, defaultInputLimits);
    await decodeRgb(image);
    return image;
  } catch (error) {
    if (error instanceof PermanentError) return null;
    throw error;
  }
}

const opencv = await startOpencv();
if (!opencv) throw new Error(`OpenCV was not found. Run: ${opencvInstructions.join(' && ')}`);
const scratch = await mkdtemp(join(tmpdir(), 'sketch-suite-'));
const outcomes: Outcome[] = [];
const names = (await readdir(folder)).sort();
for (const name of names) {
  const outcome = await compare(opencv, scratch, name);
  if (outcome) outcomes.push(outcome);
}
await rm(scratch, { recursive: true });
opencv.close();
outcomes.sort((one, other) => other.mean - one.mean);
console.log(`${outcomes.length} of ${names.length} files are valid pictures; the five that differ most:`);
console.table(outcomes.slice(0, 5));
