import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drawPhoto } from '../photos.ts';
import { median } from '../quantile.ts';
import { type History, historyOf } from './history.ts';
import { type Kills, kill } from './kills.ts';
import { type Latency, latencyOf } from './latency.ts';
import { type Kind, kinds, type Product, type ProductOptions, startProduct } from './product.ts';
import { measuredProduct, type Throughput, throughputAt } from './throughput.ts';
import { type Told, toldWithin } from './told.ts';

const starts = 5;
/** One megapixel, and as little as a picture can have. */
const sizes = { photo: { width: 1_200, height: 833 }, small: { width: 64, height: 64 } } as const;
const queues = [10, 1_000, 10_000] as const;

export interface EmbeddedReport {
  /** Seconds, of each start. */
  readySeconds: number[];
  noOp: Record<Kind, Throughput[]>;
  sketches: Throughput;
  idle: Latency;
  told: Told;
  history: History;
  kills: Kills;
}

type Part = keyof EmbeddedReport;
const parts: readonly Part[] = ['readySeconds', 'noOp', 'sketches', 'idle', 'told', 'history', 'kills'];

/**
 * The figures of the embedded engine, each on a product of its own. It takes about half an hour.
 * @param only Some of its parts, in the place of all.
 */
export async function embedded({ json, only }: { json: boolean; only: readonly string[] }): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-bench-pictures-'));
  try {
    const photo = await picture(folder, 'photo');
    const small = await picture(folder, 'small');
    const measure: { [Name in Part]: () => Promise<EmbeddedReport[Name]> } = {
      readySeconds: timeStarts,
      noOp: async () => ({
        serve: await noOpsOn('serve', small),
        'npm start': await noOpsOn('npm start', small),
      }),
      sketches: () =>
        on('serve', (product) =>
          throughputAt(measuredProduct(product), 20, {
            name: 'sketch/many',
            bytes: photo,
            jobs: 300,
            warmUps: 300,
          }),
        ),
      idle: () =>
        on('serve', (product) => latencyOf(product, { name: 'sketch/one', bytes: photo, jobs: 60 })),
      told: () => toldWithin(folder),
      history: () => historyOf(join(folder, 'week')),
      kills: () =>
        on('serve', (product) =>
          kill(product, {
            seconds: 600,
            everyMs: 5_000,
            uploadEveryMs: 150,
            name: 'no-op/killed',
            bytes: small,
            seed: 1,
          }),
        ),
    };
    const report: Partial<EmbeddedReport> = {};
    for (const part of parts) {
      if (only.length > 0 && !only.includes(part)) continue;
      Object.assign(report, { [part]: await measure[part]() });
      if (!json) for (const line of linesOf(part, report)) console.log(line);
    }
    if (json) console.log(JSON.stringify(report, null, 2));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function picture(folder: string, name: keyof typeof sizes): Promise<Buffer> {
  const path = join(folder, `${name}.jpg`);
  const { width, height } = sizes[name];
  await drawPhoto(width, height, 3, path);
  return readFile(path);
}

async function on<Result>(
  kind: Kind,
  measure: (product: Product) => Promise<Result>,
  options: ProductOptions = {},
): Promise<Result> {
  const product = await startProduct(kind, options);
  try {
    return await measure(product);
  } finally {
    await product.stop();
  }
}

async function timeStarts(): Promise<number[]> {
  const seconds: number[] = [];
  for (let start = 0; start < starts; start++) {
    seconds.push(await on('serve', async ({ readySeconds }) => readySeconds, { slots: null }));
  }
  return seconds;
}

function noOpsOn(kind: Kind, bytes: Buffer): Promise<Throughput[]> {
  return on(kind, async (product) => {
    const rows: Throughput[] = [];
    const load = { name: 'no-op/many', bytes, jobs: 800, warmUps: 500 };
    for (const queued of queues) rows.push(await throughputAt(measuredProduct(product), queued, load));
    return rows;
  });
}

const one = (value: number) => value.toFixed(1);
const spread = (values: number[]) => `${one(Math.min(...values))} to ${one(Math.max(...values))}`;

function linesOf(part: Part, report: Partial<EmbeddedReport>): string[] {
  const { readySeconds = [], noOp, sketches, idle, told, history, kills } = report;
  switch (part) {
    case 'readySeconds':
      return [`Start to ready: median ${one(median(readySeconds))} s (${spread(readySeconds)})`];
    case 'noOp':
      return kinds.flatMap((kind) =>
        (noOp?.[kind] ?? []).map((row) => `No-op jobs, ${kind}, ${throughputLine(row)}`),
      );
    case 'sketches':
      return sketches ? [`Sketches of one megapixel, ${throughputLine(sketches)}`] : [];
    case 'idle':
      return idle
        ? [
            `Idle, upload to result less the operation: p50 ${idle.overheadMs.p50} ms, p95 ${idle.overheadMs.p95} ms; the operation ${idle.operationMs.p50} and ${idle.operationMs.p95} ms`,
          ]
        : [];
    case 'told':
      return told
        ? [
            `A change is told to another process within: p50 ${one(told.p50)} ms, p95 ${one(told.p95)} ms, most ${one(told.most)} ms`,
          ]
        : [];
    case 'history':
      return history
        ? [
            `${history.jobs} jobs in the file: ${one(history.fileMib)} MiB, ready in ${one(history.readySeconds)} s, first data of the dashboard in ${one(history.medianMs)} ms (${spread(history.firstDataMs)})`,
          ]
        : [];
    case 'kills':
      return kills ? killLines(kills) : [];
    default:
      return part satisfies never;
  }
}

function throughputLine({ queued, median: { jobsPerSecond, cpuMsPerJob }, ...row }: Throughput): string {
  return `${queued} open: ${one(jobsPerSecond)} a second (${spread(row.jobsPerSecond)}), processor per job ${one(cpuMsPerJob)} ms (${spread(row.cpuMsPerJob)})`;
}

function killLines({ seconds, uploads, killed, lost, doubled, problems }: Kills): string[] {
  const kills = Object.entries(killed).map(([kind, count]) => `${kind} ${count}`);
  return [
    `${seconds} s of kills (${kills.join(', ')}): ${uploads} uploads, ${lost.length} lost, ${doubled.length} doubled`,
    ...[...lost, ...doubled, ...problems].map((line) => `  ${line}`),
  ];
}
