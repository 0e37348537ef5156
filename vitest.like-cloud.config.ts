import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

process.env.SPILLWAY_MODELS_DIR = join(tmpdir(), 'spillway-tests-without-models');
process.env.SPILLWAY_MODELS_SOURCE = 'none';

/** Of `npm run test:slow` (tests/own-stack/like-cloud-all.emulator.slow.test.ts): the stack's tests against one that is started with --like-cloud. */
export default defineConfig({
  test: {
    name: 'stack like cloud',
    include: ['tests/*.test.ts', 'examples/*.test.ts', 'pipeline/**/*.emulator.test.ts'],
    // Whether a VM or Cloud Run is in time there is not certain, and that one counts what a job on each of them uses.
    exclude: ['**/node_modules/**', '**/*.slow.test.ts', 'tests/job-bill.emulator.test.ts'],
    setupFiles: [
      'pipeline/testing/no-leak-warnings.ts',
      'pipeline/testing/client-downloads.ts',
      'emulators/firestore-indexes/record-test-queries.ts',
    ],
    globalSetup: ['tests/like-cloud-setup.ts'],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 120_000 } },
  },
});
