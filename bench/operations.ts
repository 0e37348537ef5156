import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { modelsFolderFrom } from '../models/settings.ts';
import { createProcessor } from '../processing/processor.ts';
import { benchCaption, type CaptionReport, printCaption } from './caption.ts';
import { benchPng, type PngReport, printPng } from './png.ts';
import {
  benchRemoveBackground,
  printRemoveBackground,
  type RemoveBackgroundReport,
} from './remove-background.ts';
import { benchSketch, printSketch, type SketchReport } from './sketch.ts';

export interface OperationsReport {
  versions: { node: string; sharp: string; libvips: string };
  processors: number;
  /** Milliseconds of `warmUp()`: one child starts and works on a small picture. */
  startMs: number;
  sketch: SketchReport;
  png: PngReport;
  /** Null if the peer is not installed. */
  removeBackground: RemoveBackgroundReport | null;
  caption: CaptionReport | null;
}

/**
 * Times the operations in a warm child, as in production, beside their peers. OpenCV has its default threads (all
 * processors). Our child has them too, because it is the only one. Prints tables, or JSON.
 */
export async function operations(options: { json?: boolean; runs?: number } = {}): Promise<OperationsReport> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-bench-'));
  const processor = createProcessor({
    children: 1,
    timeLimitMs: 60_000,
    memoryLimitBytes: 2 ** 31,
    recycleAfter: 10_000,
    models: { folder: modelsFolderFrom(process.env) },
  });
  try {
    const startedAt = performance.now();
    await processor.warmUp();
    const startMs = performance.now() - startedAt;
    const report: OperationsReport = {
      versions: {
        node: process.versions.node,
        sharp: sharp.versions.sharp ?? '',
        libvips: sharp.versions.vips,
      },
      processors: availableParallelism(),
      startMs,
      sketch: await benchSketch(processor, folder, options.runs),
      png: await benchPng(processor, folder, options.runs),
      removeBackground: await benchRemoveBackground(folder, options.runs),
      caption: await benchCaption(folder, options.runs),
    };
    if (options.json) console.log(JSON.stringify(report, null, 2));
    else print(report);
    return report;
  } finally {
    await processor.close();
    await rm(folder, { recursive: true });
  }
}

function print(report: OperationsReport): void {
  const { versions, processors, startMs } = report;
  console.log(`Node ${versions.node}, sharp ${versions.sharp}, libvips ${versions.libvips}`);
  console.log(`${processors} processors; one child, started and warm in ${startMs.toFixed(0)} ms`);
  printSketch(report.sketch);
  printPng(report.png);
  printRemoveBackground(report.removeBackground);
  printCaption(report.caption);
}
