import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import sharp, { type Sharp } from 'sharp';
import { z } from 'zod';

/** Corners in pixels. */
const polygonsSchema = z.array(z.array(z.tuple([z.number(), z.number()])));

/** Outlines of subjects, drawn by hand, by the picture's name without its extension. */
const outlinesSchema = z.record(
  z.string(),
  z.object({
    width: z.int(),
    height: z.int(),
    polygons: polygonsSchema,
    /** Holes in the polygons. */
    holes: polygonsSchema.default([]),
  }),
);
export type Outlines = z.infer<typeof outlinesSchema>;
type Outline = Outlines[string];

const path = fileURLToPath(new URL('../../models/built-in/masks-of-samples.json', import.meta.url));

export async function readOutlines(): Promise<Outlines> {
  return outlinesSchema.parse(JSON.parse(await readFile(path, 'utf8')));
}

/**
 * Intersection over union of an outline and a mask (the file of `remove-background` with `output: mask`). A pixel counts
 * as kept from level 128 on. It draws SVG, so it fails in a process whose sharp is restricted (`restrictSharp`).
 */
export async function overlapWithOutline(maskPath: string, outline: Outline): Promise<number> {
  const { width, height } = outline;
  const [found, real] = await Promise.all([greyOf(sharp(maskPath), outline), greyOf(draw(outline), outline)]);
  let both = 0;
  let either = 0;
  for (let at = 0; at < width * height; at++) {
    const kept = (found[at] ?? 0) >= 128;
    const inside = (real[at] ?? 0) >= 128;
    if (kept && inside) both++;
    if (kept || inside) either++;
  }
  return both / either;
}

function draw({ width, height, polygons, holes }: Outline): Sharp {
  const fill = (colour: string) => (points: number[][]) =>
    `<polygon points="${points.join(' ')}" fill="${colour}"/>`;
  const shapes = [...polygons.map(fill('#fff')), ...holes.map(fill('#000'))];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${shapes.join('')}</svg>`;
  return sharp(Buffer.from(svg)).flatten({ background: '#000' });
}

async function greyOf(picture: Sharp, { width, height }: Outline): Promise<Uint8Array> {
  const { data, info } = await picture.extractChannel(0).raw().toBuffer({ resolveWithObject: true });
  if (info.width !== width || info.height !== height) {
    throw new Error(`The mask has ${info.width} x ${info.height} pixels, its outline ${width} x ${height}.`);
  }
  return data;
}
