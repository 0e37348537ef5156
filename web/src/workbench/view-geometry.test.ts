import { expect, it } from 'vitest';
import {
  atFullSize,
  fitted,
  isFitted,
  panned,
  percentOf,
  refitted,
  type View,
  zoomed,
} from './view-geometry.ts';

const room = { stage: { width: 800, height: 600 }, picture: { width: 4_000, height: 2_000 }, density: 2 };

/** The place of the picture that lies under a place of the stage. */
const under = (view: View, x: number, y: number) => ({
  x: (x - view.x) / view.scale,
  y: (y - view.y) / view.scale,
});

it('fits the whole picture into the middle', () => {
  const view = fitted(room);
  expect(view).toEqual({ scale: 0.2, x: 0, y: 100 });
  expect(isFitted(view, room)).toBe(true);
  expect(percentOf(view, room)).toBe(40);
});

it('keeps the place under the pointer when it zooms', () => {
  const before = panned(zoomed(fitted(room), { x: 400, y: 300 }, 2.5, room), { x: -40, y: 30 }, room);
  const after = zoomed(before, { x: 250, y: 310 }, 1.3, room);
  expect(after.scale).toBeCloseTo(before.scale * 1.3);
  expect(under(after, 250, 310).x).toBeCloseTo(under(before, 250, 310).x);
  expect(under(after, 250, 310).y).toBeCloseTo(under(before, 250, 310).y);
});

it('shows a pixel of the picture for each of the screen at 100 %', () => {
  const view = atFullSize(fitted(room), room);
  expect(view.scale).toBe(0.5);
  expect(percentOf(view, room)).toBe(100);
  expect(under(view, 400, 300)).toEqual({ x: 2_000, y: 1_000 });
});

it('ends at eight times the size and at the whole picture', () => {
  const middle = { x: 400, y: 300 };
  expect(percentOf(zoomed(fitted(room), middle, 1_000, room), room)).toBe(800);
  expect(zoomed(fitted(room), middle, 0.001, room)).toEqual(fitted(room));
});

it('lets a small picture be shown in its own pixels, and fitted', () => {
  const small = { ...room, picture: { width: 100, height: 100 }, density: 1 };
  expect(percentOf(fitted(small), small)).toBe(600);
  const view = zoomed(fitted(small), { x: 0, y: 0 }, 0.001, small);
  expect(view).toEqual({ scale: 1, x: 350, y: 250 });
});

it('leaves no gap beside a picture that is larger than the stage', () => {
  const view = atFullSize(fitted(room), room);
  expect(panned(view, { x: 5_000, y: 5_000 }, room)).toMatchObject({ x: 0, y: 0 });
  expect(panned(view, { x: -5_000, y: -5_000 }, room)).toMatchObject({ x: 800 - 2_000, y: 600 - 1_000 });
});

it('fits again what was fitted, and else keeps the middle, when the stage changes', () => {
  const narrow = { ...room, stage: { width: 360, height: 500 } };
  expect(refitted(fitted(room), room, narrow)).toEqual(fitted(narrow));
  const view = panned(atFullSize(fitted(room), room), { x: -200, y: 60 }, room);
  const after = refitted(view, room, narrow);
  expect(after.scale).toBe(view.scale);
  expect(under(after, 180, 250).x).toBeCloseTo(under(view, 400, 300).x);
  expect(under(after, 180, 250).y).toBeCloseTo(under(view, 400, 300).y);
});

it('keeps the place in shares of the picture when another picture is shown', () => {
  const other = { ...room, picture: { width: 2_000, height: 3_000 } };
  const view = atFullSize(fitted(room), room);
  expect(under(refitted(view, room, other), 400, 300)).toEqual({ x: 1_000, y: 1_500 });
});
