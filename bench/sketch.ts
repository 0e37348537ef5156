import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Processor } from '../processing/processor.ts';
import { type OpencvPeer, opencvInstructions, startOpencv } from './peers/opencv.ts';
import { drawPhoto } from './photos.ts';
import { type Difference, pictureDifference } from './picture-difference.ts';
import { peakBytes } from './process-tree.ts';
import { median } from './quantile.ts';

const warmUps = 8;
const defaultRuns = 11;
const kernel = 21;
const photos = [
  { name: '1.5 MP', width: 1_500, height: 1_000, seed: 1 },
  { name: '12 MP', width: 4_000, height: 3_000, seed: 2 },
];

interface Side {
  /** Median milliseconds in a warm process, from the input file to the written PNG. */
  medianMs: number;
  minMs: number;
  /** Bytes of the PNG. */
  bytes: number;
}

interface SketchRow {
  photo: string;
  inputBytes: number;
  /** `jobMs`: median in the worker, including the messages to the child and back. */
  spillway: Side & { jobMs: number };
  opencv: (Side & { codecMs: number }) | null;
  /** Spillway's median divided by OpenCV's: below 1 is faster. */
  ratio: number | null;
  /** Difference of the two drawings, in levels of 0..255. */
  difference: Difference | null;
  /** Peak resident memory of the child so far, in bytes; null if the system does not tell. */
  peakBytes: number | null;
}

export interface SketchReport {
  opencv: { version: string; threads: number } | null;
  runs: number;
  rows: SketchRow[];
}

/** Times `sketch` beside OpenCV in alternating runs, from JPEG file to PNG file. */
export async function benchSketch(
  processor: Processor,
  folder: string,
  runs = defaultRuns,
): Promise<SketchReport> {
  const peer = await startOpencv();
  try {
    const rows: SketchRow[] = [];
    for (const { name, width, height, seed } of photos) {
      const input = join(folder, `${seed}.jpg`);
      await drawPhoto(width, height, seed, input);
      rows.push(await timeSketch(name, input, processor, peer, runs));
    }
    return { opencv: peer && { version: peer.version, threads: peer.threads }, runs, rows };
  } finally {
    peer?.close();
  }
}

async function timeSketch(
  photo: string,
  input: string,
  processor: Processor,
  peer: OpencvPeer | null,
  runs: number,
): Promise<SketchRow> {
  const ours: number[] = [];
  const jobs: number[] = [];
  const theirs: number[] = [];
  const codec: number[] = [];
  const theirPath = `${input}.opencv.png`;
  let ourPath = '';
  for (let run = -warmUps; run < runs; run++) {
    const startedAt = performance.now();
    const image = await processor.process({
      operation: 'sketch',
      options: { blur: kernel, format: 'png' },
      inputPath: input,
      outputPath: `${input}.spillway`,
    });
    const jobMs = performance.now() - startedAt;
    const answer = await peer?.sketch(input, theirPath, kernel);
    ourPath = image.path;
    if (run < 0) continue;
    ours.push(image.processMs);
    jobs.push(jobMs);
    if (answer) {
      theirs.push(answer.ms);
      codec.push(answer.codecMs);
    }
  }
  const spillway = { ...(await side(ours, ourPath)), jobMs: median(jobs) };
  const opencv = peer ? { ...(await side(theirs, theirPath)), codecMs: median(codec) } : null;
  return {
    photo,
    inputBytes: (await stat(input)).size,
    spillway,
    opencv,
    ratio: opencv && spillway.medianMs / opencv.medianMs,
    difference: opencv && (await pictureDifference(ourPath, theirPath)),
    peakBytes: await peakBytes(processor.pids[0]),
  };
}

async function side(times: number[], path: string): Promise<Side> {
  return { medianMs: median(times), minMs: Math.min(...times), bytes: (await stat(path)).size };
}

export function printSketch({ opencv, runs, rows }: SketchReport): void {
  if (opencv) {
    console.log(`OpenCV ${opencv.version} from Python, ${opencv.threads} threads (its default)`);
  } else {
    console.log('OpenCV was not found. To time it beside this, run:');
    for (const command of opencvInstructions) console.log(`  ${command}`);
  }
  console.log(`sketch, PNG, kernel ${kernel}: median of ${runs} runs in turn, JPEG file to PNG file`);
  console.table(rows.map(row));
}

function row(result: SketchRow): Record<string, string> {
  const { spillway, opencv, difference, peakBytes } = result;
  const columns: Record<string, string> = {
    photo: result.photo,
    'spillway ms': spillway.medianMs.toFixed(1),
    'with messages ms': spillway.jobMs.toFixed(1),
    'spillway kB': (spillway.bytes / 1e3).toFixed(0),
  };
  if (opencv && difference) {
    columns['opencv ms'] = opencv.medianMs.toFixed(1);
    columns.ratio = (result.ratio ?? Number.NaN).toFixed(2);
    columns['opencv kB'] = (opencv.bytes / 1e3).toFixed(0);
    columns['mean difference'] = difference.mean.toFixed(2);
    columns['max difference'] = String(difference.max);
  }
  if (peakBytes !== null) columns['child peak MB'] = (peakBytes / 1e6).toFixed(0);
  return columns;
}
