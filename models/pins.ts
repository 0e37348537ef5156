import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PermanentError } from '@spillway/core/errors.ts';
import { z } from 'zod';
import { findEntry } from './entries.ts';
import { isNotFound, jsonOrNull } from './installation.ts';
import type { ModelFile } from './manifest.ts';

/**
 * A file whose publisher states no SHA-256 is pinned at its first download: the sum of what came is kept in the model
 * folder, and stays there when the model is removed. Every later download has to give the same, from any source.
 */
const pinSchema = z.object({
  /** The publisher's address of the file. */
  url: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  pinnedAt: z.iso.datetime(),
  /** Where the first download came from. */
  source: z.string(),
});
export interface Pin extends z.infer<typeof pinSchema> {
  /** The file that holds it. */
  path: string;
}

/** The file's name is the address, with what a file name cannot have replaced. */
function pinPath(modelFolder: string, { url }: ModelFile): string {
  return join(modelFolder, '.pinned', `${url.replaceAll(/[^\w.-]+/g, '-')}.json`);
}

/** Null where the manifest has the sum, or where the file was never downloaded into this folder. */
export async function readPin(modelFolder: string, file: ModelFile): Promise<Pin | null> {
  if (file.sha256 !== null) return null;
  try {
    const path = pinPath(modelFolder, file);
    const pin = pinSchema.safeParse(jsonOrNull(await readFile(path, 'utf8')));
    if (pin.success) return { ...pin.data, path };
    // Nothing may take the place of a pin that was there: else it would protect nobody.
    throw new PermanentError('model_invalid', `${path} is not readable. Remove it to pin the file anew.`);
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** Pins a file that was downloaded and found sound. A pin that is there stays. */
export async function pin(
  modelFolder: string,
  file: ModelFile,
  sha256: string,
  source: string,
): Promise<void> {
  if (file.sha256 !== null || (await readPin(modelFolder, file))) return;
  const made: z.infer<typeof pinSchema> = {
    url: file.url,
    sha256,
    pinnedAt: new Date().toISOString(),
    source,
  };
  await mkdir(join(modelFolder, '.pinned'), { recursive: true });
  await writeFile(pinPath(modelFolder, file), `${JSON.stringify(made, null, 2)}\n`);
}

/** The file of an installed model as the manifest lists it; null for a quantised model, which is made on this machine. */
function listedFile(name: string, fileName: string): ModelFile | null {
  const entry = findEntry(name);
  if (!entry || (entry.kind === 'caption' && entry.quantisedFrom)) return null;
  return entry.files.find((published) => published.name === fileName) ?? null;
}

/** Null where nothing is pinned. */
export async function pinnedSha256(
  modelFolder: string,
  name: string,
  fileName: string,
): Promise<string | null> {
  const file = listedFile(name, fileName);
  return file && ((await readPin(modelFolder, file))?.sha256 ?? null);
}

/** What a file of an installed model should have, by the manifest or its pin; null where neither says. */
export async function expectedSha256(
  modelFolder: string,
  name: string,
  fileName: string,
): Promise<string | null> {
  return listedFile(name, fileName)?.sha256 ?? (await pinnedSha256(modelFolder, name, fileName));
}
