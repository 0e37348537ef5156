import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Samples } from '../samples.ts';
import { type Captioner, captionPicture, loadCaptioner } from './captioner.ts';

/** Written by transformers: bench/peers/caption_golden.py. */
const folder = fileURLToPath(new URL('../testing/blip/', import.meta.url));

const goldenSchema = z.array(
  z.object({
    picture: z.string(),
    options: z.object({
      prompt: z.string(),
      beams: z.int(),
      minLength: z.int(),
      maxLength: z.int(),
      repetitionPenalty: z.number(),
    }),
    caption: z.string(),
    ids: z.array(z.int()),
    beams: z.array(z.object({ ids: z.array(z.int()), text: z.string(), score: z.number() })),
  }),
);
type Golden = z.infer<typeof goldenSchema>;

/** Of a mean log-probability: two runtimes add 32-bit floats in different orders. */
const scoreTolerance = 1e-4;

describe.each(['tied', 'untied'])('the checkpoint "%s"', (name) => {
  let captioner: Captioner;
  let golden: Golden;

  beforeAll(async () => {
    captioner = await loadCaptioner(`${folder}${name}`, 1);
    golden = goldenSchema.parse(JSON.parse(await readFile(`${folder}${name}.json`, 'utf8')));
  });
  afterAll(() => captioner.release());

  test('is captioned token for token as by transformers', async () => {
    expect(golden.length).toBeGreaterThan(0);
    for (const { picture, options, ...expected } of golden) {
      const { timings, ...caption } = await captionPicture(captioner, await pixelsOf(picture), options);
      const situation = `${picture} ${JSON.stringify(options)}`;
      expect(withoutScores(caption), situation).toEqual(withoutScores(expected));
      for (const [index, beam] of caption.beams.entries()) {
        const difference = Math.abs(beam.score - (expected.beams[index]?.score ?? Number.NaN));
        expect(difference, situation).toBeLessThan(scoreTolerance);
      }
    }
  });

  test('refuses a prompt that leaves no room, and more ids than it has places for', async () => {
    const pixels = await pixelsOf('small');
    const options = { prompt: '', beams: 1, minLength: 1, maxLength: 20, repetitionPenalty: 1 };
    const crowded = captionPicture(captioner, pixels, { ...options, prompt: 'a '.repeat(30) });
    await expect(crowded).rejects.toMatchObject({ code: 'invalid_options' });
    const endless = captionPicture(captioner, pixels, { ...options, maxLength: 65 });
    await expect(endless).rejects.toMatchObject({ code: 'invalid_options' });
  });
});

async function pixelsOf(picture: string): Promise<Samples> {
  const { data, info } = await sharp(`${folder}pictures/${picture}.png`)
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels };
}

function withoutScores({ caption, ids, beams }: Omit<Golden[number], 'picture' | 'options'>) {
  return { caption, ids, beams: beams.map((beam) => ({ ids: beam.ids, text: beam.text })) };
}
