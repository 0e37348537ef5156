import { expect, it } from 'vitest';
import type { Job } from '../job.ts';
import { routingSettingsSchema } from '../settings.ts';
import { later, noon, sampleJob } from '../testing/sample-job.ts';
import {
  heldForMs,
  observePush,
  type PushSigns,
  type PushState,
  pushedAtOnce,
  pushStateSchema,
  untakenMs,
  wasSaturated,
} from './push-state.ts';

const none = pushStateSchema.parse({});
const settings = routingSettingsSchema.parse({ run: { maxInstances: 4, concurrency: 2 } });
/** A job that nobody has claimed since noon. */
const waiting: Job = { ...sampleJob(), publishedAt: noon };

function look(before: PushState, signs: Partial<PushSigns>, now: Date): PushState {
  return observePush(before, { line: [], running: 0, taken: false, settings, ...signs }, now);
}

it('knows no limit while nothing waits longer than predicted', () => {
  expect(look(none, { line: [waiting], running: 8 }, later(900))).toEqual(none);
  expect(pushedAtOnce(none, settings)).toBe(8);
});

it('takes what is under way for the window while others wait', () => {
  const held = look(none, { line: [waiting], running: 3 }, later(2_000));
  expect(held).toEqual({ ...none, window: 3 });
  expect(pushedAtOnce(held, settings)).toBe(3);
  expect(wasSaturated(held, later(2_000))).toBe(false);
  expect(look(held, { running: 5 }, later(4_000))).toEqual(none);
});

it('remembers for two minutes that all places were taken', () => {
  const full = look(none, { line: [waiting], running: 8 }, later(2_000));
  expect(wasSaturated(full, later(122_000))).toBe(true);
  expect(wasSaturated(full, later(122_001))).toBe(false);
  expect(wasSaturated(look(full, { line: [waiting] }, later(60_000)), later(60_000))).toBe(true);
});

it('takes for a backoff that nothing is under way while jobs wait, and expects it to last as long again', () => {
  const held = look(none, { line: [waiting] }, later(2_000));
  expect(held.heldSince).toEqual(later(2_000));
  const longer = look(held, { line: [waiting] }, later(12_000));
  expect(longer).toEqual(held);
  expect([heldForMs(longer, later(12_000)), heldForMs(longer, later(57_000))]).toEqual([10_000, 5_000]);
  expect(untakenMs(longer, later(12_000))).toBe(10_000);
  expect(heldForMs(none, noon)).toBe(0);
});

it('does not forget it because what waited was moved away, but after the longest backoff', () => {
  const held = look(none, { line: [waiting] }, later(2_000));
  expect(look(held, {}, later(62_000))).toEqual(held);
  expect(untakenMs(held, later(20_000))).toBe(18_000);
  expect(look(held, {}, later(62_001))).toEqual(none);
});

it.each<[string, Partial<PushSigns>]>([
  ['is under way', { running: 1 }],
  ['was taken', { taken: true }],
])('forgets it when something %s', (_, signs) => {
  const held = look(none, { line: [waiting] }, later(2_000));
  expect(look(held, signs, later(4_000))).toEqual(none);
});
