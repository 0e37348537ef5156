import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Blobs, OpenBlob } from '@spillway/pipeline/ports/blobs.ts';
import { archiveOf } from '@spillway/web/api/batch-archive.ts';
import type { NamedResult } from '@spillway/web/api/batch-results.ts';

interface ArchiveFigures {
  pictures: number;
  /** Bytes of one of them. */
  pictureBytes: number;
  archiveBytes: number;
  seconds: number;
  /** Of this process while the archive is read, beyond what it held before. Mebibytes. */
  peakRss: number;
  peakHeap: number;
  peakBuffers: number;
}

const mebibyte = 2 ** 20;
const pictureBytes = 3 * mebibyte;

/** Makes archives of few and of many pictures of 3 MiB, and says how much memory each takes at its peak. */
export async function archive({ json }: { json: boolean }): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-archive-'));
  try {
    const picture = join(folder, 'picture');
    await writeFile(picture, Buffer.alloc(pictureBytes, 'a picture'));
    const figures: ArchiveFigures[] = [];
    for (const pictures of [5, 50, 500]) figures.push(await measure(pictures, picture));
    console.log(json ? JSON.stringify(figures, null, 2) : tableOf(figures));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function measure(pictures: number, picture: string): Promise<ArchiveFigures> {
  const results = Array.from({ length: pictures }, (_, index) => resultOf(index));
  const ports = { blobs: bucketOf(picture), log: silent, clock: { now: () => new Date() } };
  globalThis.gc?.();
  const before = process.memoryUsage();
  const peak = { rss: 0, heapUsed: 0, arrayBuffers: 0 };
  const startedAt = performance.now();
  let archiveBytes = 0;
  let chunks = 0;
  for await (const chunk of archiveOf(results, ports)) {
    archiveBytes += chunk.length;
    if (chunks++ % 16 > 0) continue;
    const now = process.memoryUsage();
    for (const name of ['rss', 'heapUsed', 'arrayBuffers'] as const) {
      peak[name] = Math.max(peak[name], now[name] - before[name]);
    }
  }
  return {
    pictures,
    pictureBytes,
    archiveBytes,
    seconds: (performance.now() - startedAt) / 1_000,
    peakRss: peak.rss / mebibyte,
    peakHeap: peak.heapUsed / mebibyte,
    peakBuffers: peak.arrayBuffers / mebibyte,
  };
}

function resultOf(index: number): NamedResult {
  return {
    operation: 'sketch',
    picture: `${index}.jpg`,
    name: `${index}-sketch`,
    extension: 'png',
    endedAt: new Date(),
    result: {
      ...{ bucket: 'results', name: `sketch/${index}.png`, generation: '1', size: pictureBytes },
      ...{ receipt: `sketch/${index}.receipt.json`, model: null },
    },
  };
}

/** A bucket whose objects are one file on this machine. */
function bucketOf(picture: string): Blobs {
  const read = async (): Promise<OpenBlob> => ({
    stream: createReadStream(picture),
    contentType: 'image/png',
    size: pictureBytes,
  });
  return { read } as Partial<Blobs> as Blobs;
}

const silent = { info() {}, warn() {}, error() {} };

function tableOf(figures: readonly ArchiveFigures[]): string {
  const row = (cells: string[]) => cells.map((cell) => cell.padStart(12)).join('');
  return [
    'An archive of pictures of 3 MiB, each with a receipt of the same size, read as fast as it is made.',
    'Memory of the process beyond what it held before, at its peak, MiB:',
    '',
    row(['pictures', 'archive', 'seconds', 'MiB/s', 'resident', 'heap', 'buffers']),
    ...figures.map(({ pictures, archiveBytes, seconds, peakRss, peakHeap, peakBuffers }) =>
      row([
        String(pictures),
        (archiveBytes / mebibyte).toFixed(0),
        seconds.toFixed(1),
        (archiveBytes / mebibyte / seconds).toFixed(0),
        peakRss.toFixed(0),
        peakHeap.toFixed(0),
        peakBuffers.toFixed(0),
      ]),
    ),
  ].join('\n');
}
