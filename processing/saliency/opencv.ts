import { createRequire } from 'node:module';
import type * as openCvModule from '@techstark/opencv-js';

const require = createRequire(import.meta.url);

export type OpenCv = (typeof openCvModule)['default'];

/** A wrapper, because Emscripten gives OpenCV a `then`: a promise of it would never resolve. */
export interface LoadedOpenCv {
  cv: OpenCv;
}

/** Module state, because it is code: a thread loads it once, and nothing unloads it. */
let loading: Promise<LoadedOpenCv> | null = null;

/**
 * OpenCV in WebAssembly. Loaded at its first use: it takes about a third of a second and 95 MB of memory, which a
 * process does not get back.
 */
export function loadOpenCv(): Promise<LoadedOpenCv> {
  loading ??= load();
  return loading;
}

/**
 * Emscripten adds handlers that end the process on an unhandled rejection and rethrow what nobody caught. We remove
 * them, so that our own handlers apply.
 */
const seizedEvents = ['uncaughtException', 'unhandledRejection'] as const;

async function load(): Promise<LoadedOpenCv> {
  const before = new Set(seizedEvents.flatMap((event) => process.listeners(event as 'exit')));
  // Not by `import`: if a test runner wraps the module, its `then` would be called again and again.
  const cv: OpenCv = require('@techstark/opencv-js');
  for (const event of seizedEvents) {
    const added = process.listeners(event as 'exit').filter((listener) => !before.has(listener));
    for (const listener of added) process.removeListener(event, listener);
  }
  if (!('Mat' in cv)) {
    await new Promise<void>((resolve) => Object.assign(cv, { onRuntimeInitialized: resolve }));
  }
  return { cv };
}
