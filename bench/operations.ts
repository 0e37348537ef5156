import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { createProcessor, type Processor } from '../processing/processor.ts';
import { type OpencvPeer, opencvInstructions, startOpencv } from './peers/opencv.ts';
import { drawPhoto } from './photos.ts';

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

interface SketchResult {
  photo: string;
  inputBytes: number;
  /** `jobMs`: median as the worker sees it, with the message to the child and back. */
  spillway: Side & { jobMs: number };
  opencv: (Side & { codecMs: number }) | null;
  /** Spillway's median divided by OpenCV's: below 1 is faster. */
  ratio: number | null;
  /** Of the two drawings, in levels of 0..255. */
  difference: { mean: number; max: number } | null;
  /** The most resident memory that the child has had so far, null where the system does not tell. */
  peakBytes: number | null;
}

export interface OperationsReport {
  versions: { node: string; sharp: string; libvips: string; opencv: string | null };
  threads: { processors: number; opencv: number | null };
  runs: number;
  /** Milliseconds of `warmUp()`: starting one child until it has run a small picture. */
  startMs: number;
  sketch: SketchResult[];
}

/**
 * Times the operations in a warm child, as in production, beside their peers, run by run in turn. OpenCV has its
 * default threads (all processors), and so has our child, being the only one. Prints a table, or JSON.
 */
export async function operations(options: { json?: boolean; runs?: number } = {}): Promise<OperationsReport> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-bench-'));
  const peer = await startOpencv();
  const processor = createProcessor({
    children: 1,
    timeLimitMs: 60_000,
    memoryLimitBytes: 2 ** 31,
    recycleAfter: 10_000,
  });
  try {
    const startedAt = performance.now();
    await processor.warmUp();
    const startMs = performance.now() - startedAt;
    const runs = options.runs ?? defaultRuns;
    const sketch: SketchResult[] = [];
    for (const { name, width, height, seed } of photos) {
      const input = join(folder, `${seed}.jpg`);
      await drawPhoto(width, height, seed, input);
      sketch.push(await timeSketch(name, input, processor, peer, runs));
    }
    const report: OperationsReport = {
      versions: {
        node: process.versions.node,
        sharp: sharp.versions.sharp ?? '',
        libvips: sharp.versions.vips,
        opencv: peer?.version ?? null,
      },
      threads: { processors: availableParallelism(), opencv: peer?.threads ?? null },
      runs,
      startMs,
      sketch,
    };
    print(report, options.json ?? false);
    return report;
  } finally {
    peer?.close();
    await processor.close();
    await rm(folder, { recursive: true });
  }
}

async function timeSketch(
  photo: string,
  input: string,
  processor: Processor,
  peer: OpencvPeer | null,
  runs: number,
): Promise<SketchResult> {
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
    difference: opencv && (await difference(ourPath, theirPath)),
    peakBytes: await peakBytes(processor.pids[0]),
  };
}

async function side(times: number[], path: string): Promise<Side> {
  return { medianMs: median(times), minMs: Math.min(...times), bytes: (await stat(path)).size };
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

async function difference(first: string, second: string): Promise<{ mean: number; max: number }> {
  const [a, b] = await Promise.all([greySamples(first), greySamples(second)]);
  let sum = 0;
  let max = 0;
  for (let index = 0; index < a.length; index++) {
    const distance = Math.abs((a[index] ?? 0) - (b[index] ?? 0));
    sum += distance;
    max = Math.max(max, distance);
  }
  return { mean: sum / a.length, max };
}

async function greySamples(path: string): Promise<Uint8Array> {
  return await sharp(path).extractChannel(0).raw().toBuffer();
}

async function peakBytes(pid: number | undefined): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

function print(report: OperationsReport, json: boolean): void {
  if (json) {
    console.log(JSON.stringify(report, null, 2));
    return;
  }
  const { versions, threads, runs } = report;
  console.log(`Node ${versions.node}, sharp ${versions.sharp}, libvips ${versions.libvips}`);
  console.log(
    `${threads.processors} processors; one child, started and warm in ${report.startMs.toFixed(0)} ms`,
  );
  if (versions.opencv) {
    console.log(`OpenCV ${versions.opencv} from Python, ${threads.opencv} threads (its default)`);
  } else {
    console.log('OpenCV was not found. To time it beside this, run:');
    for (const command of opencvInstructions) console.log(`  ${command}`);
  }
  console.log(`sketch, PNG, kernel ${kernel}: median of ${runs} runs in turn, JPEG file to PNG file`);
  console.table(report.sketch.map(row));
}

function row(result: SketchResult): Record<string, string> {
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
