import { expect, it } from 'vitest';
import { concurrencyOf } from './config.ts';

it('an instance takes one request for each slot, or as many as it is told', () => {
  expect(concurrencyOf({ SPILLWAY_SLOTS: 2 })).toBe(2);
  expect(concurrencyOf({ SPILLWAY_SLOTS: 2, SPILLWAY_CONCURRENCY: 5 })).toBe(5);
});

it('one that would get fewer requests than it has slots does not start, and says what to change', () => {
  expect(() => concurrencyOf({ SPILLWAY_SLOTS: 4, SPILLWAY_CONCURRENCY: 3 })).toThrow(
    'SPILLWAY_CONCURRENCY is 3, and SPILLWAY_SLOTS is 4: an instance would get fewer requests at a time than it can work on.',
  );
});
