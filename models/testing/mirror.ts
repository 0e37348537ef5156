import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { builtInModels } from '../library.ts';

/** Puts a sound checkpoint into a directory that serves as a source: the built-in one, under the name of the real. */
export async function mirrorCheckpoint(mirror: string): Promise<void> {
  await cp(builtInModels.caption.path, join(mirror, 'blip-image-captioning-base'), { recursive: true });
}
