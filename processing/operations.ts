import type { ImageOperations } from './operation.ts';
import { caption } from './operations/caption.ts';
import { removeBackground } from './operations/remove-background.ts';
import { sketch } from './operations/sketch.ts';

/** What runs in production. Imported by the child only: the parent must not load native code. */
export const imageOperations: ImageOperations = {
  sketch,
  'remove-background': removeBackground,
  caption,
};
