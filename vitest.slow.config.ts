import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { whyNotGoogle } from './emulators/choose-engine.ts';

process.env.SPILLWAY_MODELS_DIR = join(tmpdir(), 'spillway-tests-without-models');
process.env.SPILLWAY_MODELS_SOURCE = 'none';

const packages = '**/node_modules/**';
const emulator = '**/*.emulator.slow.test.ts';
/** Pages in a browser, which share one stack. */
const site = 'tests/site/**';
/** What a stack does when it is ill, on each engine. */
const onBoth = ['tests/own-stack/doctor.slow.test.ts', 'tests/own-stack/refusal.slow.test.ts'];
/** What takes long, and has a stack that may be either. */
const onOne = ['cli/pack.slow.test.ts', 'tests/own-stack/drop.slow.test.ts'];
const hasGoogle = (await whyNotGoogle()) === null;

/** Files run one after the other; each may use the whole machine. */
const oneByOne = {
  fileParallelism: false,
  testTimeout: 20 * 60_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 40_000 } },
};

/** What takes minutes: `npm run test:slow`. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'slow',
          include: ['**/*.slow.test.ts'],
          exclude: [packages, emulator, site, ...(hasGoogle ? onOne : [])],
          provide: { engine: 'embedded' },
          ...oneByOne,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'site',
          include: ['tests/site/*.slow.test.ts'],
          exclude: [packages],
          globalSetup: ['tests/embedded-stack-setup.ts'],
          ...oneByOne,
          sequence: { groupOrder: 3 },
        },
      },
      ...(hasGoogle
        ? [
            {
              test: {
                name: 'slow on google',
                include: [emulator, ...onBoth, ...onOne],
                exclude: [packages],
                provide: { engine: 'google' as const },
                ...oneByOne,
                sequence: { groupOrder: 2 },
              },
            },
          ]
        : []),
    ],
  },
});
