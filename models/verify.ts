import { join } from 'node:path';
import { installCommand, type ModelName } from './entries.ts';
import { sha256Of } from './file-sum.ts';
import { modelFolder, readInstallation } from './installation.ts';
import { expectedSha256 } from './pins.ts';

export type Verification =
  | { kind: 'absent' }
  | { kind: 'sound'; source: string; files: { name: string; bytes: number; sha256: string }[] }
  /** `problem` is one sentence that says what to do. */
  | { kind: 'damaged'; problem: string };

/** Reads every file of an installed model, and compares it with the manifest, its pin or its receipt. */
export async function verifyModel(name: ModelName, folder: string): Promise<Verification> {
  const state = await readInstallation(folder, name);
  switch (state.kind) {
    case 'absent':
      return state;
    case 'damaged':
      return damaged(name, folder, state.problem);
    case 'installed': {
      const { files, source } = state.installation;
      for (const file of files) {
        const actual = await sha256Of(join(modelFolder(folder, name), file.name));
        const expected = (await expectedSha256(folder, name, file.name)) ?? file.sha256;
        if (actual !== expected) {
          return damaged(name, folder, `the SHA-256 of ${file.name} is ${actual} and should be ${expected}`);
        }
      }
      return { kind: 'sound', source, files };
    }
    default:
      return state satisfies never;
  }
}

function damaged(name: ModelName, folder: string, problem: string): Verification {
  const mend = `remove ${modelFolder(folder, name)} and install it again with: ${installCommand(name)}`;
  return { kind: 'damaged', problem: `${name}: ${problem}; ${mend}` };
}
