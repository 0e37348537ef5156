import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, inject } from 'vitest';

/** A folder with pictures and the addresses of the stack, in which examples run for the tests of one file. */
export function examplesFolder() {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spillway-examples-'));
    await writeFile(join(folder, 'stack.json'), JSON.stringify(inject('stack')));
    await sharp({ create: { width: 320, height: 240, channels: 3, background: 'tomato' } })
      .jpeg()
      .toFile(join(folder, 'tomato.jpg'));
    await writeFile(join(folder, 'note.jpg'), 'No picture.');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Starts an example as a person would. */
  function start(script: string, ...args: string[]): ChildProcess {
    const path = fileURLToPath(new URL(`../${script}`, import.meta.url));
    return spawn(process.execPath, [path, ...args], {
      cwd: folder,
      env: { ...process.env, SPILLWAY_LOCAL_DIR: folder, METADATA_SERVER_DETECTION: 'none' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  return {
    path: () => folder,
    start,
    /** Runs an example to its end. */
    async run(script: string, ...args: string[]) {
      const child = start(script, ...args);
      const { stdout, stderr } = child;
      if (!stdout || !stderr) throw new Error('The example has no output.');
      const [printed, complained, [code]] = await Promise.all([
        text(stdout),
        text(stderr),
        once(child, 'close'),
      ]);
      return { printed, complained, code };
    },
  };
}
