import { expect, it } from 'vitest';
import { backoffMs, pauseBetween } from './backoff.ts';

it('grows to a limit and is spread by chance', () => {
  expect(backoffMs(1, 1)).toBe(600);
  expect(backoffMs(3, 1)).toBe(2_100);
  expect(backoffMs(3, 0)).toBe(100);
  expect(backoffMs(30, 1)).toBe(20_100);
});

it('waits as long as the line is down, and no longer', async () => {
  const back = Promise.withResolvers<void>();
  let waited = false;
  const line = { check: async () => 'down' as const, untilUp: () => back.promise };
  const pause = pauseBetween(line)(1, new AbortController().signal).then((paused) => {
    waited = true;
    return paused;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(waited).toBe(false);
  back.resolve();
  expect(await pause).toBe('line_was_down');
});

it('waits a moment where the site answers, and ends when the upload is cancelled', async () => {
  const line = {
    check: async () => 'up' as const,
    untilUp: () => Promise.reject(new Error('Not asked for.')),
  };
  const controller = new AbortController();
  const pause = pauseBetween(line)(30, controller.signal);
  controller.abort();
  expect(await pause).toBe('waited');
});
