import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PermanentError } from '@spillway/core/errors.ts';
import { operationNames, parseOptions } from '@spillway/core/operations.ts';
import {
  estimateService,
  type LearnedServices,
  priorServiceMs,
} from '@spillway/core/routing/service-times.ts';
import { encodePng } from '@spillway/processing/png.ts';
import type { Processor } from '@spillway/processing/processor.ts';

const side = 512;
/** An operation that takes so many times what it should, or usually does here, is no sign of health. */
const slowness = 3;

/**
 * Does every operation once with a small drawn picture. Resolves to what went wrong, or null. A model that cannot be
 * had is not this machine's fault.
 * @param learned What this worker usually takes: its machine may be a slow one, and well.
 */
export async function selfTest(
  processor: Pick<Processor, 'process'>,
  workDir: string,
  learned: LearnedServices = {},
): Promise<string | null> {
  const folder = await mkdtemp(join(workDir, 'self-test-'));
  try {
    const inputPath = join(folder, 'source');
    await writeFile(inputPath, await drawPicture());
    for (const operation of operationNames) {
      const parsed = parseOptions(operation, {});
      if (!parsed.ok) throw new Error(parsed.message);
      const startedAt = performance.now();
      const problem = await processor
        .process({ operation, options: parsed.options, inputPath, outputPath: join(folder, operation) })
        .then(() => null, reasonOf);
      if (problem) return `${operation}: ${problem}`;
      const usual = estimateService(operation, side * side, [learned]).mean;
      const expected = Math.max(usual, priorServiceMs(operation, side * side));
      const ratio = (performance.now() - startedAt) / expected;
      if (ratio > slowness) return `${operation} took ${ratio.toFixed(1)} times as long as it should.`;
    }
    return null;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function reasonOf(error: unknown): string | null {
  if (error instanceof PermanentError) return null;
  return error instanceof Error ? error.message : String(error);
}

/** A bright disc on a slope of grey: something to find for every operation. */
function drawPicture(): Promise<Uint8Array> {
  return encodePng({
    width: side,
    height: side,
    channels: 1,
    writeRow(y, target, start) {
      for (let x = 0; x < side; x++) {
        const inside = (x - side / 2) ** 2 + (y - side / 2) ** 2 < (side / 4) ** 2;
        target[start + x] = inside ? 240 : 40 + Math.floor((80 * (x + y)) / (2 * side));
      }
    },
  });
}
