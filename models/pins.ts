import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PermanentError } from '@spillway/core/errors.ts';
import { z } from 'zod';
import { findEntry } from './entries.ts';
import { isNotFound, jsonOrNull } from './installation.ts';
import type { ModelFile } from './manifest.ts';

/**
 * Pins a file whose publisher states no SHA-256. The sum of the first download is kept in the model folder, even after
 * the model is removed. Every later download, from any source, must have the same sum.
 */
const pinSchema = z.object({
  /** The publisher's address of the file. */
  url: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  pinnedAt: z.iso.datetime(),
  /** Address of the first download. */
  source: z.string(),
});
export interface Pin extends z.infer<typeof pinSchema> {
  /** The pin's own file. */
  path: string;
}

/** The name is the file's address, with characters replaced that a file name cannot have. */
function pinPath(modelFolder: string, { url }: ModelFile): string {
  return join(modelFolder, '.pinned', `${url.replaceAll(/[^\w.-]+/g, '-')}.json`);
}

/** Null if the manifest has the sum, or if the file was never downloaded into this folder. */
export async function readPin(modelFolder: string, file: ModelFile): Promise<Pin | null> {
  if (file.sha256 !== null) return null;
  try {
    const path = pinPath(modelFolder, file);
    const pin = pinSchema.safeParse(jsonOrNull(await readFile(path, 'utf8')));
    if (pin.success) return { ...pin.data, path };
    // A pin that cannot be read must not be replaced, or pins would not protect anybody.
    throw new PermanentError('model_invalid', `${path} is not readable. Remove it to pin the file again.`);
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** Pins a file that was downloaded and checked. An existing pin stays. */
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

/** The manifest's entry for a file of an installed model. Null for a quantised model, which is made on this machine. */
function listedFile(name: string, fileName: string): ModelFile | null {
  const entry = findEntry(name);
  if (!entry || (entry.kind === 'caption' && entry.quantisedFrom)) return null;
  return entry.files.find((published) => published.name === fileName) ?? null;
}

/** Null if there is no pin. */
export async function pinnedSha256(
  modelFolder: string,
  name: string,
  fileName: string,
): Promise<string | null> {
  const file = listedFile(name, fileName);
  return file && ((await readPin(modelFolder, file))?.sha256 ?? null);
}

/** The SHA-256 that a file of an installed model must have, by the manifest or its pin; null if neither has one. */
export async function expectedSha256(
  modelFolder: string,
  name: string,
  fileName: string,
): Promise<string | null> {
  return listedFile(name, fileName)?.sha256 ?? (await pinnedSha256(modelFolder, name, fileName));
}
