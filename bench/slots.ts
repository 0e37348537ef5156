import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseOptions } from '../core/operations.ts';
import type { ModelsSettings } from '../models/settings.ts';
import { createProcessor } from '../processing/processor.ts';
import { makeBaseCheckpoint, transformersPython } from './peers/caption_transformers.ts';
import { writeRandomModel } from './peers/rembg.ts';
import { drawPhoto } from './photos.ts';
import { usageOfTree } from './process-tree.ts';
import { median } from './quantile.ts';

const photo = { width: 1_732, height: 1_155, seed: 5 };
const rounds = 3;
const operations = [
  { operation: 'sketch', jobs: 40 },
  { operation: 'remove-background', jobs: 20 },
  { operation: 'caption', jobs: 6 },
] as const;

interface SlotsRow {
  operation: (typeof operations)[number]['operation'];
  children: number;
  threads: number;
  /** Median of the rounds. */
  jobsPerSecond: number;
  /** Median milliseconds of one job among the others. */
  jobMs: number;
  /** Resident bytes of all children after the last round. */
  residentBytes: number;
}

/**
 * Compares numbers of children and of threads in each, by the jobs per second of a worker that is never idle. Every
 * operation is measured, with a net of U^2-Netp's size and a checkpoint of BLIP base's size. Their weights are random;
 * without Python, the built-in models are used.
 */
export async function slots({ json = false }: { json?: boolean }): Promise<SlotsRow[]> {
  const processors = availableParallelism();
  const shapes = [
    { children: 1, threads: processors },
    { children: processors, threads: 1 },
    { children: processors, threads: processors },
  ];
  const folder = await mkdtemp(join(tmpdir(), 'spillway-slots-'));
  try {
    const input = join(folder, 'photo.jpg');
    await drawPhoto(photo.width, photo.height, photo.seed, input);
    const models = await fullSizeModels(folder);
    const rows: SlotsRow[] = [];
    for (const { operation, jobs } of operations) {
      for (const { children, threads } of shapes) {
        rows.push(await timeShape(operation, jobs, children, threads, input, models));
      }
    }
    print(rows, json);
    return rows;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function fullSizeModels(folder: string): Promise<ModelsSettings> {
  const saliencyFile = join(folder, 'random.onnx');
  const captionDirectory = join(folder, 'caption');
  const python = transformersPython();
  if (!python || !writeRandomModel(saliencyFile)) return { folder };
  await mkdir(captionDirectory);
  makeBaseCheckpoint(python, captionDirectory);
  return { folder, saliencyFile, captionDirectory };
}

async function timeShape(
  operation: SlotsRow['operation'],
  jobs: number,
  children: number,
  threads: number,
  input: string,
  models: ModelsSettings,
): Promise<SlotsRow> {
  const parsed = parseOptions(operation, operation === 'caption' ? { beams: 1 } : {});
  if (!parsed.ok) throw new Error(parsed.message);
  const { options } = parsed;
  const processor = createProcessor({
    children,
    threadsPerChild: threads,
    timeLimitMs: 120_000,
    memoryLimitBytes: 2 ** 32,
    recycleAfter: 10_000,
    models,
    warmUp: [operation],
  });
  try {
    await processor.warmUp();
    const rates: number[] = [];
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const startedAt = performance.now();
      const made = Array.from({ length: jobs }, (_, index) =>
        processor.process({ operation, options, inputPath: input, outputPath: `${input}.${index}` }),
      );
      for (const { processMs } of await Promise.all(made)) times.push(processMs);
      rates.push(jobs / ((performance.now() - startedAt) / 1_000));
    }
    const usages = await Promise.all(processor.pids.map(usageOfTree));
    const residentBytes = usages.reduce((sum, { rssBytes }) => sum + rssBytes, 0);
    return {
      operation,
      children,
      threads,
      jobsPerSecond: median(rates),
      jobMs: median(times),
      residentBytes,
    };
  } finally {
    await processor.close();
  }
}

function print(rows: SlotsRow[], json: boolean): void {
  if (json) {
    console.log(JSON.stringify(rows, null, 2));
    return;
  }
  console.log(`${photo.width} x ${photo.height} pixels, medians of ${rounds} rounds with every child busy`);
  console.table(
    rows.map(({ operation, children, threads, jobsPerSecond, jobMs, residentBytes }) => ({
      operation,
      'children x threads': `${children} x ${threads}`,
      'jobs per second': jobsPerSecond.toFixed(2),
      'ms of one job': jobMs.toFixed(0),
      'resident MB': (residentBytes / 1e6).toFixed(0),
    })),
  );
}
