import { glob } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { whyNotGoogle } from '@spillway/emulators/choose-engine.ts';
import type { TestProject } from 'vitest/node';
import { provideStack } from './stack-setup.ts';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stop = await provideStack(project, { engine: 'embedded' });
  return async () => {
    await stop();
    await sayWhatWasLeftOut();
  };
}

/** Vitest has closed its own output by now, so that this is the last line of a run. */
async function sayWhatWasLeftOut(): Promise<void> {
  const why = await whyNotGoogle();
  if (why === null) return;
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  let files = 0;
  for await (const _ of glob('{tests,pipeline,examples}/**/*.emulator.test.ts', { cwd })) files++;
  process.stderr.write(`\nLeft out: ${files} files of tests that are about Google's emulators. ${why}\n`);
}
