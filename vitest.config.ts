import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// What a person has installed must not change what tests see, and no test reaches for the network.
process.env.SPILLWAY_MODELS_DIR = join(tmpdir(), 'spillway-tests-without-models');
process.env.SPILLWAY_MODELS_SOURCE = 'none';

const ours = (folder: string) => [`${folder}/**/*.test.ts`, `${folder}/**/*.test.tsx`];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'core',
            'pipeline',
            'models',
            'cli',
            'worker',
            'vm-worker',
            'cloudrun-worker',
            'functions',
            'web',
            'simulator',
            'bench',
          ].flatMap(ours),
          exclude: ['**/node_modules/**', '**/*.emulator.test.ts'],
        },
      },
      { test: { name: 'processing', include: ours('processing'), testTimeout: 30_000 } },
      { test: { name: 'emulators', include: ours('emulators'), testTimeout: 30_000 } },
      {
        // Everything here shares one stack, which the global setup starts on free ports.
        test: {
          name: 'stack',
          include: ['tests/*.test.ts', 'pipeline/**/*.emulator.test.ts'],
          globalSetup: ['tests/stack-setup.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Each of these starts, breaks and ends a stack of its own.
        test: {
          name: 'own stack',
          include: ['tests/own-stack/*.test.ts'],
          fileParallelism: false,
          testTimeout: 90_000,
          hookTimeout: 90_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
