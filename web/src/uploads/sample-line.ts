import { signal } from '@preact/signals';
import type { Line } from './line.ts';

/** A line that stays as it is, for tests. */
export const steadyLine: Line = {
  state: signal('up'),
  check: async () => 'up',
  untilUp: async () => {},
  close() {},
};
