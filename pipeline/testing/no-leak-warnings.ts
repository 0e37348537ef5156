import { setImmediate } from 'node:timers/promises';
import { afterAll, expect } from 'vitest';

/** Fails a test file during which Node warned of listeners that gather on one emitter: that is a leak until shown otherwise. */
const warnings: string[] = [];
process.on('warning', ({ name, message, stack }) => {
  if (name === 'MaxListenersExceededWarning') warnings.push(stack ?? message);
});

afterAll(async () => {
  // Node hands warnings on in the next turn.
  await setImmediate();
  expect(warnings.splice(0), 'Listeners gather on one emitter.').toEqual([]);
});
