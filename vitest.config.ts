import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { whyNotGoogle } from './emulators/choose-engine.ts';

// What a person has installed must not change what tests see, and no test reaches for the network.
process.env.SPILLWAY_MODELS_DIR = join(tmpdir(), 'spillway-tests-without-models');
process.env.SPILLWAY_MODELS_SOURCE = 'none';

const ours = (folder: string) => [`${folder}/**/*.test.ts`, `${folder}/**/*.test.tsx`];
/** Of `npm run test:slow` (vitest.slow.config.ts). */
const slow = '**/*.slow.test.ts';
/** Of Google's emulators alone. All other tests of the stack run on the embedded engine as well. */
const emulator = '**/*.emulator.test.ts';
const hasGoogle = (await whyNotGoogle()) === null;
/** Fail a file that Node warned of; the second is for those that use Google's Storage client. */
const watched = ['pipeline/testing/no-leak-warnings.ts'];
const watchedWithClient = [...watched, 'pipeline/testing/client-downloads.ts'];
/** Notes down what is sent to the emulator of Firestore, for the end of the run (tests/stack-setup.ts). */
const recorded = [...watchedWithClient, 'emulators/firestore-indexes/record-test-queries.ts'];
/** Plug-ins are loaded by Node, as programs load them. */
const plugins = { server: { deps: { external: [/\/plugins\/testing\/fixtures\//, /\/spillway-plugin-/] } } };
const packages = '**/node_modules/**';
/**
 * Limits only end what hangs: no test is to fail because the machine is busy. Milliseconds. A condition that is awaited
 * gets less than the test, so that the failure says which one it was.
 */
const patience = { testTimeout: 60_000, hookTimeout: 60_000, expect: { poll: { timeout: 40_000 } } };
/** Vitest would leave one processor to itself, which is half of a machine with two. */
const everyProcessor = { maxWorkers: '100%' };
/** For tests that wait for a whole stack. */
const stackPatience = { ...patience, testTimeout: 180_000, hookTimeout: 180_000 };

/**
 * What is about Google's emulators, and one file of what everybody does. All tests of the stack run on them in
 * `npm run test:slow`.
 */
const onGoogle = [
  {
    test: {
      name: 'stack on google',
      include: ['pipeline', 'tests', 'examples']
        .map((folder) => `${folder}/${emulator}`)
        .concat('tests/pipeline.test.ts'),
      exclude: [packages, slow, 'tests/own-stack/**'],
      setupFiles: recorded,
      globalSetup: ['tests/google-stack-setup.ts'],
      fileParallelism: false,
      ...stackPatience,
      sequence: { groupOrder: 3 },
    },
  },
  {
    test: {
      name: 'own stack on google',
      include: [`tests/own-stack/${emulator}`],
      exclude: [packages, slow],
      setupFiles: watchedWithClient,
      provide: { engine: 'google' as const },
      fileParallelism: false,
      ...stackPatience,
      sequence: { groupOrder: 4 },
    },
  },
];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'core',
            'plugins',
            'pipeline',
            'models',
            'cli',
            'supervisor',
            'worker',
            'vm-worker',
            'cloudrun-worker',
            'spill',
            'serve',
            'functions',
            'web',
            'simulator',
            'bench',
            'docs',
            'release',
            'terraform',
            'tests/in-memory',
          ].flatMap(ours),
          exclude: [packages, slow, emulator],
          setupFiles: watched,
          ...plugins,
          ...patience,
          ...everyProcessor,
        },
      },
      {
        test: {
          name: 'processing',
          include: ours('processing'),
          exclude: [packages, slow],
          setupFiles: watched,
          ...plugins,
          ...patience,
          ...everyProcessor,
        },
      },
      {
        test: {
          name: 'emulators',
          include: ['emulators', 'storage-server'].flatMap(ours),
          exclude: [packages, slow],
          setupFiles: watchedWithClient,
          ...patience,
          ...everyProcessor,
        },
      },
      {
        // Everything here shares one stack, which the global setup starts on free ports.
        test: {
          name: 'stack',
          include: ['tests/*.test.ts', 'examples/*.test.ts'],
          exclude: [packages, slow, emulator],
          setupFiles: watchedWithClient,
          globalSetup: ['tests/embedded-stack-setup.ts'],
          fileParallelism: false,
          ...stackPatience,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Each of these starts, breaks and ends a stack of its own.
        test: {
          name: 'own stack',
          include: ['tests/own-stack/*.test.ts'],
          exclude: [packages, slow, emulator],
          setupFiles: watchedWithClient,
          provide: { engine: 'embedded' },
          fileParallelism: false,
          ...stackPatience,
          sequence: { groupOrder: 2 },
        },
      },
      ...(hasGoogle ? onGoogle : []),
    ],
  },
});
