import { join } from 'node:path';
import { createProcessor, type Processor } from '../processing/processor.ts';
import { type RembgPeer, rembgInstructions, startRembgPeer, writeRandomModel } from './peers/rembg.ts';
import { drawPhoto } from './photos.ts';
import { type Difference, pictureDifference } from './picture-difference.ts';
import { peakBytes } from './process-tree.ts';
import { median } from './quantile.ts';

const warmUps = 3;
const defaultRuns = 11;
const photo = { width: 1_732, height: 1_155, seed: 3 };
const peerThreads = 2;
/** rembg's default first, then ours. */
const edges = ['premultiplied', 'straight'] as const;

interface RemoveBackgroundRow {
  edges: (typeof edges)[number];
  /** Medians in warm processes, from JPEG file to PNG file, milliseconds. */
  spillway: { medianMs: number; inferenceMs: number };
  rembg: { medianMs: number; inferenceMs: number };
  /** Share of our time that is not inference, 0 to 1. */
  outsideShare: number;
  /** Our images per second divided by rembg's. */
  rate: number;
}

export interface RemoveBackgroundReport {
  versions: RembgPeer['versions'];
  runs: number;
  rows: RemoveBackgroundRow[];
  /** Difference of the masks, in levels of 0..255. */
  mask: Difference;
  /** Peak resident memory of our child, in bytes; null if the system does not tell. */
  peakBytes: number | null;
}

/**
 * Times `remove-background` beside rembg in alternating runs, on one ONNX file of U^2-Netp's size with random weights.
 * If rembg is not installed, its path is timed as written again in Python. Null if Python lacks what that needs, because
 * there is no model to time then.
 */
export async function benchRemoveBackground(
  folder: string,
  runs = defaultRuns,
): Promise<RemoveBackgroundReport | null> {
  const model = join(folder, 'random.onnx');
  const peer = writeRandomModel(model) ? await startRembgPeer() : null;
  if (!peer) return null;
  const processor = createProcessor({
    children: 1,
    timeLimitMs: 60_000,
    memoryLimitBytes: 2 ** 31,
    recycleAfter: 10_000,
    models: { folder, saliencyFile: model },
    warmUp: ['remove-background'],
  });
  try {
    await processor.warmUp();
    const input = join(folder, 'remove-background.jpg');
    await drawPhoto(photo.width, photo.height, photo.seed, input);
    const rows: RemoveBackgroundRow[] = [];
    for (const kind of edges) rows.push(await timeEdges(kind, { processor, peer, model, input, runs }));
    return {
      versions: peer.versions,
      runs,
      rows,
      mask: await maskDifference({ processor, peer, model, input }),
      peakBytes: await peakBytes(processor.pids[0]),
    };
  } finally {
    peer.close();
    await processor.close();
  }
}

interface Match {
  processor: Processor;
  peer: RembgPeer;
  model: string;
  input: string;
}

async function timeEdges(
  kind: (typeof edges)[number],
  { processor, peer, model, input, runs }: Match & { runs: number },
): Promise<RemoveBackgroundRow> {
  const ours = { ms: [] as number[], inferenceMs: [] as number[] };
  const theirs = { ms: [] as number[], inferenceMs: [] as number[] };
  const request = { model, input, threads: peerThreads, edges: kind, mask: null };
  for (let run = -warmUps; run < runs; run++) {
    const image = await processor.process({
      operation: 'remove-background',
      options: { ...cutOut, edges: kind },
      inputPath: input,
      outputPath: `${input}.spillway`,
    });
    const answer = await peer.cutOut({ ...request, output: `${input}.rembg.png` });
    if (run < 0) continue;
    ours.ms.push(image.processMs);
    ours.inferenceMs.push(image.inferenceMs ?? Number.NaN);
    theirs.ms.push(answer.ms);
    theirs.inferenceMs.push(answer.inferenceMs);
  }
  const spillway = { medianMs: median(ours.ms), inferenceMs: median(ours.inferenceMs) };
  const rembg = { medianMs: median(theirs.ms), inferenceMs: median(theirs.inferenceMs) };
  return {
    edges: kind,
    spillway,
    rembg,
    outsideShare: median(ours.ms.map((ms, run) => 1 - (ours.inferenceMs[run] ?? Number.NaN) / ms)),
    rate: rembg.medianMs / spillway.medianMs,
  };
}

/** Our default options. `edges` is varied. */
export const cutOut = {
  model: 'auto',
  output: 'cutout',
  edges: 'straight',
  refine: 'auto',
  cleanMask: false,
  clothes: 'all',
  background: '',
  format: 'png',
} as const;

async function maskDifference({ processor, peer, model, input }: Match): Promise<Difference> {
  const mask = `${input}.rembg-mask.png`;
  const output = `${input}.rembg.png`;
  await peer.cutOut({ model, input, threads: peerThreads, edges: 'straight', mask, output });
  const image = await processor.process({
    operation: 'remove-background',
    options: { ...cutOut, output: 'mask' },
    inputPath: input,
    outputPath: `${input}.spillway-mask`,
  });
  return await pictureDifference(image.path, mask);
}

export function printRemoveBackground(report: RemoveBackgroundReport | null): void {
  if (!report) {
    console.log('remove-background was not timed: its peer in Python was not found. Install it with:');
    for (const command of rembgInstructions) console.log(`  ${command}`);
    return;
  }
  const { versions, runs, rows, mask } = report;
  const { rembg, pillow, numpy, onnxruntime } = versions;
  const peer =
    rembg === null
      ? "rembg's path as written again (rembg itself is not installed)"
      : `rembg ${rembg} itself`;
  console.log(
    `remove-background, ${photo.width} x ${photo.height}, a net of U^2-Netp's size: median of ${runs} runs in turn,`,
  );
  console.log(
    `JPEG file to PNG file, beside ${peer} (Pillow ${pillow}, numpy ${numpy}, onnxruntime ${onnxruntime}, ${peerThreads} threads)`,
  );
  console.table(
    rows.map(({ edges, spillway, rembg, outsideShare, rate }) => ({
      edges,
      'spillway ms': spillway.medianMs.toFixed(0),
      'of it inference': spillway.inferenceMs.toFixed(0),
      'outside inference': `${(outsideShare * 100).toFixed(0)} %`,
      'rembg ms': rembg.medianMs.toFixed(0),
      'of that inference': rembg.inferenceMs.toFixed(0),
      'images per second, x': rate.toFixed(2),
    })),
  );
  const peak = report.peakBytes === null ? '' : `; child's peak ${(report.peakBytes / 1e6).toFixed(0)} MB`;
  console.log(`masks differ by ${mask.mean.toFixed(2)} levels on average, ${mask.max} at most${peak}`);
}
