import { inject } from 'vitest';
import type { GoogleStackFile } from '../stack-file.ts';

/** The stack that the files of a project share, for tests that are about Google's emulators. */
export function googleStack(): GoogleStackFile {
  const stack = inject('stack');
  if (stack.engine === 'google') return stack;
  throw new Error("This stack has none of Google's emulators: name the file *.emulator.test.ts.");
}
