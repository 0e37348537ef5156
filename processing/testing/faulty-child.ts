import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SketchOptions } from '@spillway/core/operations/sketch.ts';
import { serveChild } from '../child-server.ts';
import { createImageOperations } from '../operations.ts';

const kept: Buffer[] = [];
let models = ['test-model'];

/**
 * A child for tests only: its sketch misbehaves for input files of certain names, and is the real one for any other.
 * It leaves `<input>.started` beside the file before it does, for tests to wait for.
 * Production cannot reach this: which script a child runs is fixed in code, and nothing there names this one.
 */
const faults: Record<string, () => unknown> = {
  segfault: () => process.kill(process.pid, 'SIGSEGV'),
  abort: () => process.abort(),
  exit: () => process.exit(3),
  /** Like native code that never returns: the event loop is blocked. */
  hang: () => {
    for (;;);
  },
  /** The event loop runs, but the answer never comes. */
  stall: () => sleep(2 ** 31 - 1),
  memory: async () => {
    for (;;) {
      keep(16);
      await sleep(5);
    }
  },
  /** A leak: the job goes well, the memory stays taken. */
  leak: () => keep(64),
  /** As a job does that asks for another model. */
  load: () => {
    models = ['other-model'];
    keep(64);
  },
  defect: () => {
    throw new TypeError(`no such thing: /tmp/${Math.random()}/source has ${process.pid} of them`);
  },
  /** As a callback does, or a promise that nobody awaits. The job itself never ends. */
  stray: () => {
    setImmediate(() => {
      throw new TypeError('a stray thing');
    });
    return sleep(2 ** 31 - 1);
  },
  'stray-promise': () => {
    void Promise.reject(new TypeError('a stray thing'));
    return sleep(2 ** 31 - 1);
  },
  'other-defect': () => {
    throw new TypeError('another thing');
  },
};

function keep(mebibytes: number): void {
  kept.push(Buffer.alloc(mebibytes * 1024 * 1024, 1));
}

const imageOperations = createImageOperations();

serveChild({
  ...imageOperations,
  // No test here needs their models warm.
  'remove-background': { ...imageOperations['remove-background'], warmUpRuns: 0 },
  caption: { ...imageOperations.caption, warmUpRuns: 0 },
  sketch: {
    bytesPerPixel: imageOperations.sketch.bytesPerPixel,
    warmUpRuns: 1,
    loadedModels: () => models,
    async make(image, options: SketchOptions, context) {
      const fault = faults[basename(image.path)];
      if (fault) {
        writeFileSync(`${image.path}.started`, '');
        await fault();
      }
      return await imageOperations.sketch.make(image, options, context);
    },
  },
});
