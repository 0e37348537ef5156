import { coloursOf, mix, share } from '@spillway/core/cut-out/blend.ts';
import type { RemoveBackgroundOptions } from '@spillway/core/operations/remove-background.ts';
import { encodePng } from '../png.ts';
import type { PictureRows, RowSource } from '../samples.ts';
import { gather, openRaw, type Samples, viewOf, webpEffort, webpQuality } from '../samples.ts';

type Format = RemoveBackgroundOptions['format'];

/** A mask as a grey picture without loss. */
export async function encodeMask(mask: Samples, format: Format): Promise<Uint8Array> {
  const { data, width, height } = mask;
  switch (format) {
    case 'png':
      return await encodePng({
        width,
        height,
        channels: 1,
        writeRow: (row, target, start) => {
          target.set(data.subarray(row * width, (row + 1) * width), start);
        },
      });
    case 'webp':
      return await openRaw(mask).webp({ lossless: true, effort: webpEffort }).toBuffer();
    default:
      return format satisfies never;
  }
}

/**
 * A picture cut out by a mask of its size. A transparency of the picture's own stays: it is multiplied with the mask,
 * as rembg's default does. (rembg's other way, Pillow's `putalpha`, would bring back what was made invisible.)
 */
export async function encodeCutOut(
  picture: Samples,
  mask: Samples,
  options: Pick<RemoveBackgroundOptions, 'edges' | 'background' | 'format'>,
): Promise<Uint8Array> {
  return await encode(cutOutRows(picture, mask, options), options.format);
}

/** The same, row by row. */
export function cutOutRows(
  picture: Samples,
  mask: Samples,
  { edges, background }: Pick<RemoveBackgroundOptions, 'edges' | 'background'>,
): PictureRows {
  const { width, height } = picture;
  const layers = { picture, mask: mask.data };
  if (background) {
    return { width, height, channels: 3, writeRow: flattenedRows(layers, coloursOf(background)) };
  }
  const writeRow = edges === 'straight' ? straightRows(layers) : premultipliedRows(layers);
  return { width, height, channels: 4, writeRow };
}

interface Layers {
  picture: Samples;
  mask: Uint8Array;
}

/** Unchanged colours (straight alpha), as design programs expect. */
function straightRows({ picture, mask }: Layers): RowSource {
  const { data, width, channels } = picture;
  if (channels === 3) return joinedRows(picture, mask);
  return (row, target, start) => {
    let at = row * width;
    for (let source = at * 4, to = start; at < (row + 1) * width; at++, source += 4, to += 4) {
      target[to] = data[source] as number;
      target[to + 1] = data[source + 1] as number;
      target[to + 2] = data[source + 2] as number;
      target[to + 3] = share(data[source + 3] as number, mask[at] as number);
    }
  };
}

/** Three channels, and the mask as the fourth. It is the usual cut-out, so it is done four pixels at a time. */
function joinedRows({ data, width }: Samples, mask: Uint8Array): RowSource {
  const colours = viewOf(data);
  const alpha = viewOf(mask);
  const inWords = width - (width % 4);
  return (row, target, start) => {
    const from = row * width;
    joinWords(colours, alpha, from, from + inWords, viewOf(target), start);
    for (let at = from + inWords; at < from + width; at++) {
      const to = start + (at - from) * 4;
      target.set(data.subarray(at * 3, at * 3 + 3), to);
      target[to + 3] = mask[at] as number;
    }
  };
}

/** Three words of RGB and one of alpha become four of RGBA. The lowest byte of a word is the first. */
function joinWords(
  colours: DataView,
  mask: DataView,
  from: number,
  to: number,
  target: DataView,
  start: number,
): void {
  let place = start;
  for (let at = from, source = from * 3; at < to; at += 4, source += 12, place += 16) {
    const first = colours.getInt32(source, true);
    const second = colours.getInt32(source + 4, true);
    const third = colours.getInt32(source + 8, true);
    const alpha = mask.getInt32(at, true);
    target.setInt32(place, (first & 0xffffff) | (alpha << 24), true);
    const middle = (first >>> 24) | ((second & 0xffff) << 8);
    target.setInt32(place + 4, middle | ((alpha & 0xff00) << 16), true);
    const next = (second >>> 16) | ((third & 0xff) << 16);
    target.setInt32(place + 8, next | ((alpha & 0xff0000) << 8), true);
    target.setInt32(place + 12, (third >>> 8) | (alpha & ~0xffffff), true);
  }
}

/** Every sample multiplied by the mask: rembg's default, which pastes the picture on transparent black. */
function premultipliedRows({ picture, mask }: Layers): RowSource {
  const { data, width, channels } = picture;
  return (row, target, start) => {
    let source = row * width * channels;
    let to = start;
    for (let at = row * width; at < (row + 1) * width; at++, source += channels, to += 4) {
      const kept = mask[at] as number;
      target[to] = share(data[source] as number, kept);
      target[to + 1] = share(data[source + 1] as number, kept);
      target[to + 2] = share(data[source + 2] as number, kept);
      target[to + 3] = channels === 4 ? share(data[source + 3] as number, kept) : kept;
    }
  };
}

/** On a colour. `edges` has no effect: flattening darkened colours would darken them twice. */
function flattenedRows({ picture, mask }: Layers, colour: [number, number, number]): RowSource {
  const { data, width, channels } = picture;
  const [red, green, blue] = colour;
  return (row, target, start) => {
    let source = row * width * channels;
    let to = start;
    for (let at = row * width; at < (row + 1) * width; at++, source += channels, to += 3) {
      const kept = mask[at] as number;
      const alpha = channels === 4 ? share(data[source + 3] as number, kept) : kept;
      target[to] = mix(data[source] as number, red, alpha);
      target[to + 1] = mix(data[source + 1] as number, green, alpha);
      target[to + 2] = mix(data[source + 2] as number, blue, alpha);
    }
  };
}

async function encode(rows: PictureRows, format: Format): Promise<Uint8Array> {
  switch (format) {
    case 'png':
      return await encodePng(rows);
    case 'webp':
      return await openRaw(gather(rows))
        .webp({ quality: webpQuality, alphaQuality: 100, effort: webpEffort })
        .toBuffer();
    default:
      return format satisfies never;
  }
}
