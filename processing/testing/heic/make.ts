/**
 * Makes the pictures of this folder: `node processing/testing/heic/make.ts`. Needs Debian's libheif-examples (heif-enc
 * 1.15 with x265): `apt-get install libheif-examples`. Tests need only what is committed.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { levelsOf } from '../colour/encoded-colour.ts';
import { flatPng } from '../colour/png-file.ts';
import { asSharp } from '../drawings.ts';
import { type CodedPicture, codedPictureOf, writeHeif } from './heif-file.ts';
import { alphaOf, flatPictures, heicScene, sceneSize, tileSize } from './scene.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'spillway-heic-'));
const source = join(scratch, 'source.png');
const encoded = join(scratch, 'encoded.heic');

/** Encodes the file `source`. */
function encode(...settings: string[]): Buffer {
  execFileSync('heif-enc', ['-q', '75', ...settings, '-o', encoded, source], { stdio: 'inherit' });
  return readFileSync(encoded);
}

const scene = asSharp(heicScene());
const { width, height } = sceneSize;

await scene.clone().png().toFile(source);
const plain = encode();
writeFileSync(join(folder, 'plain.heic'), plain);

// Of 16 bits a sample heif-enc makes 10.
await scene.clone().toColourspace('rgb16').png().toFile(source);
writeFileSync(join(folder, 'ten-bit.heic'), encode('-b', '10'));

await scene
  .clone()
  .joinChannel(Buffer.from(alphaOf(width, height)), { raw: { width, height, channels: 1 } })
  .png()
  .toFile(source);
writeFileSync(join(folder, 'alpha.heic'), encode());
// The same samples, declared to be multiplied by the alpha already.
writeFileSync(join(folder, 'premultiplied.heic'), encode('--premultiplied-alpha'));

await scene.clone().greyscale().toColourspace('b-w').png().toFile(source);
writeFileSync(join(folder, 'grey.heic'), encode());

// What a telephone writes, in small: tiles whose grid is cut to size, Display P3, lying on its side with both the
// container and Exif saying so.
const tiles: CodedPicture[] = [];
const padded = await scene
  .clone()
  .extend({ right: 2 * tileSize[0] - width, bottom: 2 * tileSize[1] - height, extendWith: 'copy' })
  .png()
  .toBuffer();
for (const top of [0, tileSize[1]]) {
  for (const left of [0, tileSize[0]]) {
    await sharp(padded).extract({ left, top, width: tileSize[0], height: tileSize[1] }).toFile(source);
    tiles.push(codedPictureOf(encode()));
  }
}
writeFileSync(
  join(folder, 'phone.heic'),
  writeHeif({
    tiles,
    columns: 2,
    tileSize,
    size: [width, height],
    quarterTurns: 3,
    exifOrientation: 6,
    colour: Buffer.concat([Buffer.from('prof'), await displayP3()]),
  }),
);

// heif-enc makes the first of several the primary one.
await scene.clone().resize(64, 48).png().toFile(source);
const second = join(scratch, 'second.png');
await scene.clone().resize(64, 48).negate().png().toFile(second);
writeFileSync(join(folder, 'two-pictures.heic'), encode(second));

// A large picture of few bytes, whose container is then made to claim that it is small.
await sharp({ create: { width: 4096, height: 4096, channels: 3, background: '#3a7' } })
  .png()
  .toFile(source);
const large = codedPictureOf(encode());
writeFileSync(join(folder, 'larger-than-it-says.heic'), writeHeif({ tiles: [large], tileSize: [64, 64] }));

// One colour, in the numbers of other colour spaces; the tests' own containers name these.
for (const { file, depth, pixel } of flatPictures) {
  // Of 16 bits a sample heif-enc makes 10.
  const stored = depth === 8 ? 8 : 16;
  const picture = { pixel: levelsOf(pixel, stored), depth: stored, width: 64, height: 64 } as const;
  writeFileSync(source, flatPng({ ...picture, colourType: 'rgb' }));
  writeFileSync(join(folder, `${file}.heic`), encode('-b', String(depth), '-q', '95'));
}

rmSync(scratch, { recursive: true });

async function displayP3(): Promise<Buffer> {
  const png = await scene.clone().withIccProfile('p3').png().toBuffer();
  const { icc } = await sharp(png).metadata();
  if (!icc) throw new Error('sharp wrote no profile.');
  return icc;
}
