import type { ImageOperations } from './operation.ts';
import { sketch } from './operations/sketch.ts';

/** What runs in production. Imported by the child only: the parent must not load native code. */
export const imageOperations: ImageOperations = { sketch };
