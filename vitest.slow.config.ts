import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

process.env.SPILLWAY_MODELS_DIR = join(tmpdir(), 'spillway-tests-without-models');
process.env.SPILLWAY_MODELS_SOURCE = 'none';

/** What takes minutes: `npm run test:slow`. Files run one after the other; each may use the whole machine. */
export default defineConfig({
  test: {
    name: 'slow',
    include: ['**/*.slow.test.ts'],
    exclude: ['**/node_modules/**'],
    fileParallelism: false,
    testTimeout: 20 * 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 40_000 } },
  },
});
