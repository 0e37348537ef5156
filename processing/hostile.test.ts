import { expect, test } from 'vitest';
import { runGenerated } from './testing/hostile/run-generated.ts';
import { defects } from './testing/hostile/summary.ts';

/** Bytes: what a process with its built-in models may take for any picture. */
const mostMemory = 1_200e6;

test('400 hostile files stop no child, take no more than their memory and are told what they are', {
  timeout: 600_000,
}, async () => {
  const outcomes = await runGenerated(1, 400);
  expect(outcomes).toHaveLength(400);
  expect(defects(outcomes)).toEqual([]);
  for (const { ending, peakBytes } of outcomes) {
    expect(peakBytes ?? 0).toBeLessThan(mostMemory);
    if (ending.kind === 'refused') expect(ending.message).toMatch(/^[A-Z].+\.$/);
  }
  const kinds = new Set(
    outcomes.map(({ ending }) => (ending.kind === 'refused' ? ending.code : ending.kind)),
  );
  // Each way to end occurs: else the generator tests nothing.
  for (const kind of ['result', 'corrupt_image', 'unsupported_type', 'image_too_large', 'empty_file']) {
    expect(kinds).toContain(kind);
  }
});
