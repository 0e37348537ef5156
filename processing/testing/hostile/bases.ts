import { readFile } from 'node:fs/promises';
import sharp, { type Sharp } from 'sharp';
import { asSharp, drawScene } from '../drawings.ts';

export interface Base {
  name: string;
  bytes: Buffer;
}

/** Small sound pictures in every accepted format and in the forms that decoders treat apart. */
export async function makeBases(): Promise<Base[]> {
  const encoded = Object.entries(encoders).map(async ([name, encode]) => ({
    name,
    bytes: await encode().toBuffer(),
  }));
  const stored = heicFiles.map(async (name) => ({
    name,
    bytes: await readFile(new URL(`../heic/${name}`, import.meta.url)),
  }));
  return await Promise.all([...encoded, ...stored]);
}

const heicFiles = ['plain.heic', 'alpha.heic', 'ten-bit.heic', 'two-pictures.heic'];

const scene = (width = 120, height = 88) => asSharp(drawScene(width, height, width));
const clear = () => scene().ensureAlpha(0.6);

/** Frames one under the other. */
function strip(): Sharp {
  const frames = [1, 2, 3, 4].map((seed) => drawScene(64, 48, seed).data);
  return sharp(Buffer.concat(frames), { raw: { width: 64, height: 192, channels: 3, pageHeight: 48 } });
}

const encoders: Record<string, () => Sharp> = {
  'baseline.jpg': () => scene().jpeg(),
  'progressive.jpg': () => scene().jpeg({ progressive: true }),
  'full-chroma.jpg': () => scene().jpeg({ chromaSubsampling: '4:4:4', quality: 95 }),
  'grey.jpg': () => scene().greyscale().jpeg(),
  'cmyk.jpg': () => scene().toColourspace('cmyk').jpeg(),
  'turned.jpg': () => scene().withMetadata({ orientation: 6 }).jpeg(),
  'profile.jpg': () => scene().withIccProfile('p3').jpeg(),
  'rgb.png': () => scene().png(),
  'alpha.png': () => clear().png(),
  'interlaced.png': () => clear().png({ progressive: true }),
  'palette.png': () => scene().png({ palette: true, colours: 16 }),
  'deep.png': () => scene().toColourspace('rgb16').png(),
  'grey-deep.png': () => scene().toColourspace('grey16').png(),
  'profile.png': () => scene().withIccProfile('p3').png(),
  'lossy.webp': () => scene().webp(),
  'lossless.webp': () => clear().webp({ lossless: true }),
  'alpha.webp': () => clear().webp(),
  'animated.webp': () => strip().webp(),
  'still.gif': () => scene().gif(),
  'animated.gif': () => strip().gif(),
  '8-bit.avif': () => scene().avif({ effort: 0 }),
  '10-bit.avif': () => scene().avif({ effort: 0, bitdepth: 10 }),
  'alpha.avif': () => clear().avif({ effort: 0 }),
  'wide.png': () => asSharp(drawScene(2_000, 40, 3)).png(),
  'tall.jpg': () => asSharp(drawScene(40, 2_000, 4)).jpeg(),
  'one-pixel.png': () => asSharp(drawScene(1, 1, 5)).png(),
  'flat.png': () => sharp({ create: { width: 64, height: 64, channels: 3, background: '#00ffff' } }).png(),
};
