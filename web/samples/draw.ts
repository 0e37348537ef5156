/** Draws the sample pictures into `web/public/samples`: `node web/samples/draw.ts`. */
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { cat } from './cat.ts';
import { lighthouse } from './lighthouse.ts';
import { stillLife } from './still-life.ts';

const pictures = { lighthouse, 'still-life': stillLife, cat };

for (const [name, draw] of Object.entries(pictures)) {
  const file = fileURLToPath(new URL(`../public/samples/${name}.jpg`, import.meta.url));
  const { size } = await sharp(Buffer.from(draw())).jpeg({ quality: 84, mozjpeg: true }).toFile(file);
  console.log(`${file} (${Math.round(size / 1_000)} kB)`);
}
