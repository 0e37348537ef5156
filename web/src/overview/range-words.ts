import type { Range } from '@spillway/core/rollups/levels.ts';

/** How long a range is, as people read it. */
export const rangeWords: Record<Range, string> = {
  '15m': '15 min',
  '3h': '3 h',
  '24h': '24 h',
  '7d': '7 d',
  '30d': '30 d',
};
