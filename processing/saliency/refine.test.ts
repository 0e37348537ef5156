import type { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import type { Samples } from '../samples.ts';
import { certainties, createGrabCut } from './grab-cut.ts';
import { refineMask } from './refine.ts';

const grabCut = createGrabCut();

const side = 320;

function square(channels: 1 | 3, draw: (x: number, y: number) => number[]): Samples {
  const data = new Uint8Array(side * side * channels);
  for (let at = 0; at < side * side; at++) {
    data.set(
      draw(at % side, Math.floor(at / side)).map((level) => Math.max(0, Math.min(255, level))),
      at * channels,
    );
  }
  return { data, width: side, height: side, channels };
}

/** A soft disc, as a small net draws one. */
const disc = square(1, (x, y) => [255 * (1.2 - Math.hypot(x - 160, y - 160) / 100)]);

const steps = [0, 85, 170, 255];
const flats = steps.flatMap((red) => steps.flatMap((green) => steps.map((blue) => [red, green, blue])));

test('none of 64 flat colours reaches GrabCut', async () => {
  expect(flats).toHaveLength(64);
  for (const colour of flats) {
    const flat = square(3, () => colour);
    expect(await refineMask(disc, flat, grabCut)).toEqual({ kind: 'unrefined', why: 'same_colours' });
  }
});

test.each<[string, (x: number, y: number) => number[]]>([
  ['a flat colour with a little noise', (x, y) => [100 + ((x * 7 + y * 13) % 3), 200, 50]],
  ['a chequerboard of pixels', (x, y) => ((x + y) % 2 === 0 ? [0, 0, 0] : [255, 255, 255])],
  ['a chequerboard of squares', (x, y) => (((x >> 4) + (y >> 4)) % 2 === 0 ? [0, 0, 0] : [255, 255, 255])],
  ['two halves', (x) => (x < 160 ? [0, 0, 255] : [255, 0, 0])],
  ['stripes', (x) => ((x >> 3) % 2 === 0 ? [0, 0, 255] : [255, 255, 0])],
  ['rings', (x, y) => (Math.hypot(x - 160, y - 160) & 4 ? [0, 0, 0] : [255, 255, 255])],
  ['one pixel on a flat colour', (x, y) => (x === 160 && y === 160 ? [200, 0, 0] : [0, 255, 255])],
  ['a gradient too faint to see', (x) => [120 + x / 40, 120, 120]],
])('%s does not reach it either', async (_name, draw) => {
  expect(await refineMask(disc, square(3, draw), grabCut)).toEqual({
    kind: 'unrefined',
    why: 'same_colours',
  });
});

test('colours that tell the subject from its surroundings are followed', async () => {
  const picture = square(3, (x, y) => (Math.hypot(x - 160, y - 160) < 80 ? [200, 0, 0] : [255, 255, 255]));
  expect(await refineMask(disc, picture, grabCut)).toMatchObject({ kind: 'refined' });
});

const hard = square(3, (x, y) => ((x + y) % 2 === 0 ? [0, 0, 0] : [255, 255, 255]));
const easy = square(3, (x, y) => (Math.hypot(x - 160, y - 160) < 80 ? [200, 0, 0] : [255, 255, 255]));
const cutOf = ({ data: colours }: Samples) => ({
  side,
  colours: new Uint8Array(colours),
  certainty: disc.data.map((level) =>
    level === 255
      ? certainties.foreground
      : level > 127
        ? certainties.likelyForeground
        : level > 12
          ? certainties.likelyBackground
          : certainties.background,
  ),
  iterations: 3,
  feather: 0.8,
});

test('a cut that passes its limit of work is ended, and the next one has a thread again', async () => {
  expect(await grabCut.cut(cutOf(hard), 0)).toEqual({ kind: 'too_long' });
  expect(await grabCut.cut(cutOf(easy))).toMatchObject({ kind: 'cut' });
});

test('a thread without a cut ends, and the next cut has another one', async () => {
  const threads: Worker[] = [];
  const keep = (thread: Worker) => threads.push(thread);
  process.on('worker', keep);
  onTestFinished(() => void process.off('worker', keep));
  const resting = createGrabCut(1);
  resting.prepare();
  expect(await resting.cut(cutOf(easy))).toMatchObject({ kind: 'cut' });
  // Its id is -1 once it has ended.
  await expect.poll(() => threads.map(({ threadId }) => threadId)).toEqual([-1]);
  expect(await resting.cut(cutOf(easy))).toMatchObject({ kind: 'cut' });
  expect(threads).toHaveLength(2);
});
