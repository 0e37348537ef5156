import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PermanentError } from '@spillway/core/errors.ts';
import { z } from 'zod';

const receiptName = 'installed.json';

/**
 * What `<folder>/<model>/installed.json` says. It is there before the folder gets its name, so that a folder without
 * it is no installation.
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
  /** The folder is there, but not as it was installed: files are missing or of another size. */
  | { kind: 'damaged'; problem: string }
  | { kind: 'installed'; installation: Installation };

export function modelFolder(folder: string, name: string): string {
  return join(folder, name);
}

export function receiptPath(modelFolder: string): string {
  return join(modelFolder, receiptName);
}

/** Looks at a model's receipt and at the sizes of its files: a few system calls, so that every job may ask. */
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

/** SHA-256 that stands for the whole model in results and receipts: of the file with its weights. */
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

/** A text file; null where there is none. */
export async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** Null where the text is no JSON, which no schema here accepts. */
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
