import type { BuiltInName, OptionsOf } from '@spillway/core/operations.ts';
import type { ImageOperation } from './operation.ts';
import { createCaption } from './operations/caption.ts';
import { createRemoveBackground } from './operations/remove-background.ts';
import { sketch } from './operations/sketch.ts';

/** One implementation for each of core's manifests, or the compiler says which is missing. */
type BuiltInOperations = { readonly [Name in BuiltInName]: ImageOperation<OptionsOf<Name>> };

/**
 * The implementations of the built-in operations, with room for the models that they load: a process calls it once.
 * Imported by the child only, since the parent must not load native code.
 */
export function createImageOperations(): BuiltInOperations {
  return { sketch, 'remove-background': createRemoveBackground(), caption: createCaption() };
}
