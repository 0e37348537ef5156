import { expect, it } from 'vitest';
import {
  acknowledges,
  afterFailure,
  afterSuccess,
  firstPace,
  type PushPace,
  pushBackoff,
  pushesAtOnce,
} from './push-delivery.ts';

function after(pace: PushPace, change: (pace: PushPace) => PushPace, times: number): PushPace {
  return Array.from({ length: times }).reduce<PushPace>(change, pace);
}

it.each([102, 200, 201, 202, 204])('%i acknowledges', (status) => {
  expect(acknowledges(status)).toBe(true);
});

it.each([203, 206, 302, 400, 404, 429, 500, 503])('%i brings the message again', (status) => {
  expect(acknowledges(status)).toBe(false);
});

it('the window doubles with every round trip, and grows linearly past 3,000', () => {
  const first = pushesAtOnce(firstPace);
  expect(first).toBeLessThan(10);
  expect(pushesAtOnce(after(firstPace, afterSuccess, first))).toBe(2 * first);
  const large = after(firstPace, afterSuccess, 3_000);
  expect(pushesAtOnce(after(large, afterSuccess, 3_000))).toBe(pushesAtOnce(large) + 1);
});

it('every failure makes the window smaller and the pause longer, within limits', () => {
  const { window, backoffMs } = afterFailure(after(firstPace, afterSuccess, 5));
  expect([window, backoffMs]).toEqual([4, pushBackoff.leastMs]);
  expect(after(firstPace, afterFailure, 20)).toEqual({ window: 1, backoffMs: pushBackoff.mostMs });
});

it('successes end the pause', () => {
  const slowed = after(firstPace, afterFailure, 20);
  expect(after(slowed, afterSuccess, 10).backoffMs).toBe(0);
});
