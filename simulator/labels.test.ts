import { expect, it } from 'vitest';
import { placeLabels } from './labels.ts';
import { randomStream } from './random.ts';

it('names points without covering points, other names or the frame', () => {
  const random = randomStream(1, 'labels');
  const points = Array.from({ length: 33 }, (_, index) => ({
    text: index % 3 === 0 ? `policy-${index}` : String(index),
    x: 100 + 400 * random.uniform(),
    y: 100 + 200 * random.uniform(),
  }));
  const frame = { x: 60, y: 60, width: 480, height: 280 };
  const placed = placeLabels(points, frame);
  expect(placed).toHaveLength(points.length);
  for (const [index, { box }] of placed.entries()) {
    expect(box.x).toBeGreaterThanOrEqual(frame.x);
    expect(box.x + box.width).toBeLessThanOrEqual(frame.x + frame.width);
    const covers = ({ x, y }: { x: number; y: number }) =>
      x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height;
    expect(points.some(covers)).toBe(false);
    for (const other of placed.slice(index + 1)) {
      const apart =
        other.box.x >= box.x + box.width ||
        box.x >= other.box.x + other.box.width ||
        other.box.y >= box.y + box.height ||
        box.y >= other.box.y + other.box.height;
      expect(apart).toBe(true);
    }
  }
});
