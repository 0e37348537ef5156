import { join } from 'node:path';
import sharp from 'sharp';
import { encodePng } from '../processing/png.ts';
import type { Processor } from '../processing/processor.ts';
import { drawPhoto } from './photos.ts';
import { median } from './quantile.ts';
import { cutOut } from './remove-background.ts';

const warmUps = 8;
const defaultRuns = 11;
const size = { width: 1_732, height: 1_155 };
/** Settings of sharp: its two fastest levels with and without libpng's choice of filters, and its default. */
const peers = [
  { compressionLevel: 1, adaptiveFiltering: false },
  { compressionLevel: 2, adaptiveFiltering: false },
  { compressionLevel: 1, adaptiveFiltering: true },
  { compressionLevel: 2, adaptiveFiltering: true },
  { compressionLevel: 6, adaptiveFiltering: false },
] as const;
type Setting = (typeof peers)[number];

interface Picture {
  name: string;
  pixels: Buffer;
  width: number;
  height: number;
  channels: 1 | 4;
}

interface Encoded {
  /** Median milliseconds from the pixels in memory to the bytes of the file. */
  medianMs: number;
  /** Median milliseconds of processor time of all threads. It depends little on the machine's load. */
  processorMs: number;
  bytes: number;
}

interface PngRow {
  picture: string;
  spillway: Encoded;
  /** The ratios are ours divided by sharp's: below 1 is faster, cheaper and smaller. */
  sharp: (Encoded & Setting & { timeRatio: number; processorRatio: number; bytesRatio: number })[];
}

export interface PngReport {
  runs: number;
  rows: PngRow[];
}

/**
 * Times our PNG encoder beside sharp's (libvips with zlib-ng) on the results that workers make: the sketch and the
 * cut-out of a photograph, and those of a drawing with flat colours. The encoders take turns in this process.
 */
export async function benchPng(processor: Processor, folder: string, runs = defaultRuns): Promise<PngReport> {
  const photograph = join(folder, 'png-photograph.jpg');
  await drawPhoto(size.width, size.height, 4, photograph);
  const drawing = join(folder, 'png-drawing.png');
  await sharp(Buffer.from(flatDrawing)).png().toFile(drawing);
  const rows: PngRow[] = [];
  for (const [source, inputPath] of Object.entries({ photograph, drawing })) {
    const sketch = await processor.process({
      operation: 'sketch',
      options: { blur: 21, format: 'png' },
      inputPath,
      outputPath: `${inputPath}.sketch`,
    });
    rows.push(await timePicture(await pictureOf(`sketch of a ${source}`, sketch.path, 1), runs));
    const cut = await processor.process({
      operation: 'remove-background',
      options: cutOut,
      inputPath,
      outputPath: `${inputPath}.cut-out`,
    });
    rows.push(await timePicture(await pictureOf(`cut-out of a ${source}`, cut.path, 4), runs));
  }
  return { runs, rows };
}

/** Areas of one colour with clear edges, as icons, diagrams and screens have them. */
const flatDrawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 12 8" width="${size.width}" height="${size.height}">
  <rect width="12" height="8" fill="#f4efe6"/><rect y="6" width="12" height="2" fill="#7a9e7e"/>
  <circle cx="4" cy="4" r="2.5" fill="#c0392b"/><path d="M7 7 L9 2 L11 7 Z" fill="#2c3e50"/>
  <rect x="5" y="1" width="2" height="1" fill="#f1c40f"/></svg>`;

async function pictureOf(name: string, path: string, channels: 1 | 4): Promise<Picture> {
  const decoder = channels === 1 ? sharp(path).toColourspace('b-w') : sharp(path).ensureAlpha();
  const { data, info } = await decoder.raw().toBuffer({ resolveWithObject: true });
  return { name, pixels: data, width: info.width, height: info.height, channels };
}

async function timePicture(picture: Picture, runs: number): Promise<PngRow> {
  const encoders = [
    () => encodeOurs(picture),
    ...peers.map((setting) => () => encodeSharp(picture, setting)),
  ];
  const times = encoders.map((): number[] => []);
  const processorTimes = encoders.map((): number[] => []);
  const bytes = encoders.map(() => 0);
  for (let run = -warmUps; run < runs; run++) {
    for (const [index, encode] of encoders.entries()) {
      const startedAt = performance.now();
      const before = process.cpuUsage();
      bytes[index] = (await encode()).length;
      const { user, system } = process.cpuUsage(before);
      if (run < 0) continue;
      times[index]?.push(performance.now() - startedAt);
      processorTimes[index]?.push((user + system) / 1e3);
    }
  }
  const encoded = (index: number): Encoded => ({
    medianMs: median(times[index] ?? []),
    processorMs: median(processorTimes[index] ?? []),
    bytes: bytes[index] ?? 0,
  });
  const spillway = encoded(0);
  return {
    picture: picture.name,
    spillway,
    sharp: peers.map((setting, index) => {
      const peer = encoded(index + 1);
      return {
        ...setting,
        ...peer,
        timeRatio: spillway.medianMs / peer.medianMs,
        processorRatio: spillway.processorMs / peer.processorMs,
        bytesRatio: spillway.bytes / peer.bytes,
      };
    }),
  };
}

async function encodeOurs({ pixels, width, height, channels }: Picture): Promise<Uint8Array> {
  const line = width * channels;
  const writeRow = (row: number, target: Uint8Array, start: number): void =>
    target.set(pixels.subarray(row * line, (row + 1) * line), start);
  return await encodePng({ width, height, channels, writeRow });
}

async function encodeSharp(
  { pixels, width, height, channels }: Picture,
  setting: Setting,
): Promise<Uint8Array> {
  const image = sharp(pixels, { raw: { width, height, channels } });
  return await (channels === 1 ? image.toColourspace('b-w') : image).png(setting).toBuffer();
}

export function printPng({ runs, rows }: PngReport): void {
  const { width, height } = size;
  console.log(
    `PNG, ${width} x ${height}: median of ${runs} runs in turn beside sharp's compressor; ratios are ours / sharp's`,
  );
  console.table(rows.flatMap(lines));
}

function lines({ picture, spillway, sharp }: PngRow): Record<string, string>[] {
  const figures = ({ medianMs, processorMs, bytes }: Encoded) => ({
    ms: medianMs.toFixed(1),
    'processor ms': processorMs.toFixed(1),
    kB: (bytes / 1e3).toFixed(0),
  });
  return [
    {
      picture,
      encoder: 'spillway',
      ...figures(spillway),
      'time ratio': '',
      'processor ratio': '',
      'bytes ratio': '',
    },
    ...sharp.map((peer) => ({
      picture,
      encoder: `sharp, level ${peer.compressionLevel}${peer.adaptiveFiltering ? ', filtered' : ''}`,
      ...figures(peer),
      'time ratio': peer.timeRatio.toFixed(2),
      'processor ratio': peer.processorRatio.toFixed(2),
      'bytes ratio': peer.bytesRatio.toFixed(2),
    })),
  ];
}
