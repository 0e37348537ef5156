import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quantiseCheckpoint } from '../models/blip/quantise.ts';
import { residentBytes } from '../processing/process-tree.ts';
import { createProcessor, type Processor } from '../processing/processor.ts';
import {
  makeBaseCheckpoint,
  startTransformers,
  type TransformersPeer,
  transformersInstructions,
  transformersPython,
} from './peers/caption_transformers.ts';
import { drawPhoto } from './photos.ts';
import { peakBytes } from './process-tree.ts';
import { median } from './quantile.ts';

const warmUps = 1;
const defaultRuns = 5;
const photo = { width: 1_500, height: 1_000, seed: 4 };
const maxLength = 20;
const beamCounts = [1, 3];
const cli = fileURLToPath(new URL('../cli/spillway.ts', import.meta.url));

interface CaptionRow {
  weights: 'fp32' | 'int8';
  beams: number;
  /** Medians in warm processes, from JPEG file to caption, milliseconds. */
  spillwayMs: number;
  transformersMs: number;
  /** Our captions per second divided by those of transformers. */
  rate: number;
}

interface Footprint {
  weights: 'fp32' | 'int8';
  /** Bytes of a child with all three operations warm: resident now, and at most so far. */
  restingBytes: number | null;
  peakBytes: number | null;
  /** Milliseconds from the start of `spillway process caption` to its end. */
  firstCaptionMs: number;
}

export interface CaptionReport {
  transformers: string;
  threads: number;
  runs: number;
  rows: CaptionRow[];
  footprints: Footprint[];
}

/**
 * Times `caption` beside transformers' `generate` in alternating runs, on a checkpoint of BLIP base's sizes with random
 * weights. These never end a sentence early, so both sides make `maxLength` ids. Null if the peer is missing.
 */
export async function benchCaption(parent: string, runs = defaultRuns): Promise<CaptionReport | null> {
  const python = transformersPython();
  if (!python) return null;
  const folder = join(parent, 'caption');
  const checkpoints = { fp32: join(folder, 'fp32'), int8: join(folder, 'int8') };
  await mkdir(checkpoints.fp32, { recursive: true });
  makeBaseCheckpoint(python, checkpoints.fp32);
  await quantiseCheckpoint(checkpoints.fp32, checkpoints.int8, () => {});
  const input = join(folder, 'caption.jpg');
  await drawPhoto(photo.width, photo.height, photo.seed, input);
  const threads = availableParallelism();
  const rows: CaptionRow[] = [];
  const footprints: Footprint[] = [];
  try {
    const peer = await startTransformers(python, checkpoints.fp32, threads);
    try {
      for (const weights of ['fp32', 'int8'] as const) {
        const processor = captioner(folder, checkpoints[weights]);
        await processor.warmUp();
        for (const beams of beamCounts)
          rows.push(await timeBeams({ weights, beams, processor, peer, input, runs }));
        await processor.close();
      }
    } finally {
      peer.close();
    }
    for (const weights of ['fp32', 'int8'] as const) {
      footprints.push({ weights, ...(await footprint(folder, checkpoints[weights], input)) });
    }
    return { transformers: peer.version, threads, runs, rows, footprints };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function captioner(folder: string, captionDirectory: string, all = false): Processor {
  return createProcessor({
    children: 1,
    timeLimitMs: 120_000,
    memoryLimitBytes: 2 ** 32,
    recycleAfter: 10_000,
    models: { folder, captionDirectory },
    ...(all ? {} : { warmUp: ['caption'] }),
  });
}

async function caption(processor: Processor, input: string, beams: number): Promise<number> {
  const { processMs } = await processor.process({
    operation: 'caption',
    options: { model: 'auto', prompt: '', beams, minLength: 1, maxLength, repetitionPenalty: 1 },
    inputPath: input,
    outputPath: `${input}.result`,
  });
  return processMs;
}

async function timeBeams(match: {
  weights: CaptionRow['weights'];
  beams: number;
  processor: Processor;
  peer: TransformersPeer;
  input: string;
  runs: number;
}): Promise<CaptionRow> {
  const { weights, beams, processor, peer, input, runs } = match;
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let run = -warmUps; run < runs; run++) {
    const ourMs = await caption(processor, input, beams);
    const { ms } = await peer.caption({ picture: input, beams, maxLength });
    if (run < 0) continue;
    ours.push(ourMs);
    theirs.push(ms);
  }
  const spillwayMs = median(ours);
  const transformersMs = median(theirs);
  return { weights, beams, spillwayMs, transformersMs, rate: transformersMs / spillwayMs };
}

async function footprint(
  folder: string,
  checkpoint: string,
  input: string,
): Promise<Omit<Footprint, 'weights'>> {
  const processor = captioner(folder, checkpoint, true);
  await processor.warmUp();
  for (const beams of beamCounts) await caption(processor, input, beams);
  const [pid] = processor.pids;
  const restingBytes = await residentBytes(pid ?? 0);
  const peak = await peakBytes(pid);
  await processor.close();
  return { restingBytes, peakBytes: peak, firstCaptionMs: await firstCaption(checkpoint, input) };
}

async function firstCaption(checkpoint: string, input: string): Promise<number> {
  const args = [cli, 'process', 'caption', input, '--model-dir', checkpoint, '--option', 'beams=1', '--json'];
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`spillway process caption ended with code ${code}.`);
  return performance.now() - startedAt;
}

export function printCaption(report: CaptionReport | null): void {
  if (!report) {
    console.log('caption was not timed: its peer in Python was not found. Install it with:');
    for (const command of transformersInstructions) console.log(`  ${command}`);
    return;
  }
  const { transformers, threads, runs, rows, footprints } = report;
  console.log(
    `caption, BLIP base's sizes, ${maxLength} ids: median of ${runs} runs in turn, JPEG file to caption,`,
  );
  console.log(`beside transformers ${transformers} in fp32, ${threads} threads each`);
  console.table(
    rows.map(({ weights, beams, spillwayMs, transformersMs, rate }) => ({
      weights,
      beams,
      'spillway ms': spillwayMs.toFixed(0),
      'transformers ms': transformersMs.toFixed(0),
      'captions per second, x': rate.toFixed(2),
    })),
  );
  console.log(
    'a child with all three operations warm, and the command line’s way from start to end with one beam',
  );
  console.table(
    footprints.map(({ weights, restingBytes, peakBytes, firstCaptionMs }) => ({
      weights,
      'resident MB': megabytes(restingBytes),
      'peak MB': megabytes(peakBytes),
      'first caption ms': firstCaptionMs.toFixed(0),
    })),
  );
}

function megabytes(bytes: number | null): string {
  return bytes === null ? '-' : (bytes / 1e6).toFixed(0);
}
