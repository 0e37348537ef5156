import type { ImageOperations } from './operation.ts';
import { createCaption } from './operations/caption.ts';
import { createRemoveBackground } from './operations/remove-background.ts';
import { sketch } from './operations/sketch.ts';

/**
 * What runs in production, with room for the models that it loads: a process calls it once. Imported by the child only,
 * since the parent must not load native code.
 */
export function createImageOperations(): ImageOperations {
  return { sketch, 'remove-background': createRemoveBackground(), caption: createCaption() };
}
