import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PermanentError } from '@spillway/core/errors.ts';
import { z } from 'zod';

const receiptName = 'installed.json';

/**
 * The receipt `<folder>/<model>/installed.json`. It is written before the folder gets its name, so a folder without it
 * is not an installation.
 */
export const installationSchema = z.object({
  name: z.string(),
  /** Where the files came from: an address, `gs://…` or a path. */
  source: z.string(),
  installedAt: z.iso.datetime(),
  files: z
    .array(z.object({ name: z.string(), bytes: z.number(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }))
    .min(1),
});
export type Installation = z.infer<typeof installationSchema>;

export type InstallationState =
  | { kind: 'absent' }
  /** The folder exists, but files are missing or have another size. */
  | { kind: 'damaged'; problem: string }
  | { kind: 'installed'; installation: Installation };

export function modelFolder(folder: string, name: string): string {
  return join(folder, name);
}

export function receiptPath(modelFolder: string): string {
  return join(modelFolder, receiptName);
}

/** Checks a model's receipt and the sizes of its files. It takes a few system calls, so every job may ask. */
export async function readInstallation(folder: string, name: string): Promise<InstallationState> {
  const directory = modelFolder(folder, name);
  const text = await readOrNull(receiptPath(directory));
  if (text === null) return { kind: 'absent' };
  const parsed = installationSchema.safeParse(jsonOrNull(text));
  if (!parsed.success) return { kind: 'damaged', problem: `${receiptName} is not readable` };
  for (const file of parsed.data.files) {
    const problem = await sizeProblem(join(directory, file.name), file.bytes);
    if (problem) return { kind: 'damaged', problem: `${file.name} ${problem}` };
  }
  return { kind: 'installed', installation: parsed.data };
}

/** The SHA-256 that identifies the model in results and receipts: that of the file with its weights. */
export function weightsSha256({ name, files }: Installation): string {
  const weights = files.find((file) => /[.](onnx|safetensors)$/.test(file.name));
  if (!weights) throw new PermanentError('model_invalid', `The model ${name} has no file of weights.`);
  return weights.sha256;
}

async function sizeProblem(path: string, bytes: number): Promise<string | null> {
  try {
    const { size } = await stat(path);
    return size === bytes ? null : `has ${size} bytes instead of ${bytes}`;
  } catch (error) {
    if (isNotFound(error)) return 'is missing';
    throw error;
  }
}

/** The content of a text file; null if it does not exist. */
export async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** Null if the text is not JSON. No schema here accepts null. */
export function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export function isNotFound(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
