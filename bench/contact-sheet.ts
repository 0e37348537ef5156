/**
 * `node bench/contact-sheet.ts <folder of pictures> <sheet.jpg>` shows what the built-in models make of pictures. Each
 * tile has the picture, its cut-out and its caption. For photographs that were outlined by hand, it prints how well the
 * masks agree with the outlines (intersection over union), before and after refinement.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp, { type OverlayOptions } from 'sharp';
import { captionResultSchema } from '../core/operations/caption.ts';
import { type OperationName, parseOptions } from '../core/operations.ts';
import { createProcessor } from '../processing/processor.ts';
import { overlapWithOutline, readOutlines } from './peers/rembg_overlap.ts';

const tile = { width: 400, height: 250, picture: 192, columns: 3 };

const [pictures, sheet] = process.argv.slice(2);
if (!pictures || !sheet) {
  console.error(`Usage: node ${fileURLToPath(import.meta.url)} <folder of pictures> <sheet.jpg>`);
  process.exit(2);
}
const folder = await mkdtemp(join(tmpdir(), 'spillway-sheet-'));
const processor = createProcessor({
  children: 1,
  timeLimitMs: 60_000,
  memoryLimitBytes: 2 ** 31,
  recycleAfter: 10_000,
  models: { folder },
  warmUp: [],
});
try {
  const outlines = await readOutlines();
  const tiles: OverlayOptions[] = [];
  for (const name of (await readdir(pictures)).sort()) {
    const input = join(pictures, name);
    const cutOut = await run('remove-background', input, {});
    const { caption } = captionResultSchema.parse(
      JSON.parse(await readFile(await run('caption', input, {}), 'utf8')),
    );
    const outline = outlines[parse(name).name];
    if (outline) {
      const raw = await overlapWithOutline(await mask(input, 'none'), outline);
      const refined = await overlapWithOutline(await mask(input, 'grabcut'), outline);
      console.log(`${name}: IoU ${raw.toFixed(3)}, refined ${refined.toFixed(3)}; "${caption}"`);
    } else {
      console.log(`${name}: "${caption}"`);
    }
    tiles.push(...(await drawTile(tiles.length / 3, input, cutOut, caption)));
  }
  const rows = Math.ceil(tiles.length / 3 / tile.columns);
  const size = { width: tile.columns * tile.width, height: rows * tile.height };
  await sharp({ create: { ...size, channels: 3, background: '#ffffff' } })
    .composite(tiles)
    .jpeg({ quality: 82 })
    .toFile(sheet);
} finally {
  await processor.close();
  await rm(folder, { recursive: true });
}

/** Path of the result. */
async function run(operation: OperationName, inputPath: string, options: object): Promise<string> {
  const parsed = parseOptions(operation, { model: 'built-in', ...options });
  if (!parsed.ok) throw new Error(parsed.message);
  const outputPath = join(folder, operation);
  const { path } = await processor.process({ operation, options: parsed.options, inputPath, outputPath });
  return path;
}

async function mask(input: string, refine: 'none' | 'grabcut'): Promise<string> {
  return await run('remove-background', input, { output: 'mask', refine });
}

async function drawTile(
  index: number,
  input: string,
  cutOut: string,
  caption: string,
): Promise<OverlayOptions[]> {
  const left = (index % tile.columns) * tile.width;
  const top = Math.floor(index / tile.columns) * tile.height;
  const fit = { width: tile.picture, height: tile.picture, fit: 'contain', background: '#ffffff' } as const;
  const original = await sharp(input).autoOrient().resize(fit).png().toBuffer();
  const cut = await sharp(cutOut).flatten({ background: '#ff40c0' }).resize(fit).png().toBuffer();
  return [
    { input: original, left: left + 4, top: top + 4 },
    { input: cut, left: left + tile.picture + 8, top: top + 4 },
    { input: Buffer.from(captionSvg(caption)), left, top: top + tile.picture + 6 },
  ];
}

function captionSvg(caption: string): string {
  const lines = caption.match(/.{1,52}(\s|$)/g) ?? [caption];
  const spans = lines.map((line, row) => `<text x="8" y="${18 + row * 18}">${line.trim()}</text>`).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${tile.width}" height="50" font-family="sans-serif" font-size="14">${spans}</svg>`;
}
