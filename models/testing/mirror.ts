import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { builtInModels } from '../library.ts';

/** Copies the built-in checkpoint under the real one's name into a directory, which then is a source. */
export async function mirrorCheckpoint(mirror: string): Promise<void> {
  await cp(builtInModels.caption.path, join(mirror, 'blip-image-captioning-base'), { recursive: true });
}
