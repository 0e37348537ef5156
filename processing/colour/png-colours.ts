import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import {
  type CodedColours,
  codedColours,
  type Primaries,
  powerTransfer,
  srgbPrimaries,
  srgbTransfer,
} from './code-points.ts';
import { areSrgb, type ColourTag, codedTag } from './colour-tag.ts';
import { spanColours } from './rgb-matrix.ts';

/** Chunks before the pixels that are looked at. Pictures have about ten. */
const maxChunks = 1_000;
const signatureBytes = 8;
/** What is read of a chunk: more than any that names colours has, `iCCP` aside. */
const maxContentBytes = 32;

/** Chunks that say what colours mean (PNG, third edition, 11.3.2), with how many bytes they have. */
const lengths: Record<string, number> = { cICP: 4, sRGB: 1, gAMA: 4, cHRM: 32 };

/**
 * What a PNG says of its colours: `cICP` before `iCCP` before `sRGB` before `gAMA` and `cHRM` (PNG, third edition,
 * 4.3). What is broken counts as missing, as with libpng.
 */
export async function readPngColours(path: string): Promise<ColourTag> {
  const file = await open(path);
  try {
    return tagOf(await readColourChunks(file));
  } finally {
    await file.close();
  }
}

type ColourChunks = Map<string, Buffer>;

/** The first chunk of each kind before the pixels. */
async function readColourChunks(file: FileHandle): Promise<ColourChunks> {
  const chunks: ColourChunks = new Map();
  // Length, type, content, check; the content is read along with the rest, as most of these chunks are short.
  const bytes = Buffer.alloc(8 + maxContentBytes + 4);
  let offset = signatureBytes;
  for (let count = 0; count < maxChunks; count++) {
    const { bytesRead } = await file.read(bytes, 0, bytes.length, offset);
    if (bytesRead < 12) break;
    const length = bytes.readUInt32BE(0);
    const type = bytes.toString('latin1', 4, 8);
    if (type === 'IDAT') break;
    if (!chunks.has(type)) {
      if (type === 'iCCP') chunks.set(type, Buffer.alloc(0));
      else if (lengths[type] === length && isWhole(bytes, length)) {
        chunks.set(type, Buffer.from(bytes.subarray(8, 8 + length)));
      }
    }
    offset += 12 + length;
  }
  return chunks;
}

function isWhole(chunk: Buffer, length: number): boolean {
  return crc32(chunk.subarray(4, 8 + length)) === chunk.readUInt32BE(8 + length);
}

function tagOf(chunks: ColourChunks): ColourTag {
  const cicp = chunks.get('cICP');
  const named = cicp && coloursOfCicp(cicp);
  if (named) return codedTag(named);
  if (chunks.has('iCCP')) return { kind: 'profile' };
  if (chunks.has('sRGB')) return { kind: 'srgb' };
  return codedTag(coloursOfGamma(chunks.get('gAMA'), chunks.get('cHRM')));
}

function coloursOfCicp(chunk: Buffer): CodedColours | null {
  const [primaries = 0, transfer = 0, matrix = 0, isFullRange = 0] = chunk;
  // PNG holds RGB, so that any other matrix is an error (11.3.2.6).
  return matrix === 0 ? codedColours(primaries, transfer, isFullRange === 0) : null;
}

/** The range that libpng takes for real, in 1/100,000. */
const plausibleGamma = { least: 16, most: 625_000_000 };
/** With sRGB's primaries, a gamma this near to 1/2.2 is sRGB's: libpng corrects no smaller difference either. */
const gammaTolerance = 0.05;

function coloursOfGamma(gamma: Buffer | undefined, chromaticities: Buffer | undefined): CodedColours | null {
  const measured = chromaticities && primariesOf(chromaticities);
  const value = gamma?.readUInt32BE(0) ?? 0;
  const hasGamma = value >= plausibleGamma.least && value <= plausibleGamma.most;
  if (!measured && !hasGamma) return null;
  const primaries = measured ?? srgbPrimaries;
  // A file's gamma is the exponent from light to value.
  const exponent = 100_000 / value;
  const isSrgbGamma = areSrgb(primaries) && Math.abs(2.2 / exponent - 1) < gammaTolerance;
  const transfer = hasGamma && !isSrgbGamma ? powerTransfer(exponent) : srgbTransfer;
  return { primaries, transfer, isNarrow: false };
}

function primariesOf(chunk: Buffer): Primaries | null {
  const pair = (at: number) =>
    [chunk.readUInt32BE(at) / 100_000, chunk.readUInt32BE(at + 4) / 100_000] as const;
  const primaries = { white: pair(0), red: pair(8), green: pair(16), blue: pair(24) };
  const isPossible = Object.values(primaries).every(([x, y]) => y > 0 && x + y <= 1);
  return isPossible && spanColours(primaries) ? primaries : null;
}
