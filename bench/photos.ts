import sharp from 'sharp';
import { seededRandom } from '../processing/testing/drawings.ts';

/** Layers of noise, from large forms to fine texture: cells across the picture, and strength in levels. */
const layers = [
  { cells: 3, strength: 128 },
  { cells: 8, strength: 82 },
  { cells: 24, strength: 55 },
  { cells: 90, strength: 33 },
  { cells: 400, strength: 16 },
  { cells: 1_600, strength: 11 },
];
const ellipses = 60;
/** Levels that the noise of a small sensor adds to every pixel. */
const sensorNoise = 2.5;

/**
 * Writes a JPEG (quality 90) that costs a decoder and an encoder about as much as a photograph. It has smooth forms,
 * texture at every scale, sharp edges and sensor noise. The same seed gives the same picture.
 */
export async function drawPhoto(width: number, height: number, seed: number, path: string): Promise<void> {
  const random = seededRandom(seed);
  const sum = new Float32Array(width * height * 3);
  for (const { cells, strength } of layers) {
    const layer = await noiseLayer(width, height, Math.min(cells, width), random);
    for (let index = 0; index < sum.length; index++) {
      sum[index] = (sum[index] ?? 0) + (((layer[index] ?? 0) - 128) / 128) * strength;
    }
  }
  const pixels = new Uint8ClampedArray(sum.length);
  for (let index = 0; index < pixels.length; index++) {
    pixels[index] = 128 + (sum[index] ?? 0) + (random() * 2 - 1) * sensorNoise;
  }
  await sharp(pixels, { raw: { width, height, channels: 3 } })
    .composite([{ input: Buffer.from(edges(width, height, random)) }])
    .jpeg({ quality: 90 })
    .toFile(path);
}

async function noiseLayer(
  width: number,
  height: number,
  cells: number,
  random: () => number,
): Promise<Uint8Array> {
  const rows = Math.max(2, Math.round((cells * height) / width));
  const coarse = Uint8Array.from({ length: cells * rows * 3 }, () => random() * 256);
  return await sharp(coarse, { raw: { width: cells, height: rows, channels: 3 } })
    .resize(width, height, { kernel: 'cubic', fit: 'fill' })
    .raw()
    .toBuffer();
}

function edges(width: number, height: number, random: () => number): string {
  const shapes = Array.from({ length: ellipses }, () => {
    const radius = (0.01 + 0.08 * random()) * width;
    const colour = [random(), random(), random()].map((share) => Math.floor(share * 256)).join(',');
    const place = `cx="${random() * width}" cy="${random() * height}"`;
    const size = `rx="${radius}" ry="${radius * (0.3 + random())}"`;
    return `<ellipse ${place} ${size} fill="rgb(${colour})" opacity="${0.4 + 0.6 * random()}"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${shapes.join('')}</svg>`;
}
