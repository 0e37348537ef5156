import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PermanentError, RetryableError } from '@spillway/core/errors.ts';
import { z } from 'zod';
import { jsonOrNull } from './installation.ts';

/**
 * Notes of failed installations, for all processes on the machine. A source that did not answer one job will not answer
 * the ten behind it, and they must not hold their slots to find that out one after another.
 */
const noteSchema = z.object({
  code: z.enum(['model_missing', 'model_invalid']),
  message: z.string(),
  /** Whether another attempt may help. */
  passes: z.boolean(),
  /** Milliseconds since 1970. */
  at: z.number(),
});

function notePath(folder: string, name: string): string {
  return join(folder, `${name}.failure.json`);
}

/** Leaves a note of an error that says what was wrong. Other errors are not noted. */
export async function noteFailure(folder: string, name: string, error: unknown): Promise<void> {
  if (!(error instanceof PermanentError || error instanceof RetryableError)) return;
  const { code, message } = error;
  const passes = error instanceof RetryableError;
  const note = noteSchema.safeParse({ code, message, passes, at: Date.now() });
  if (note.success) await writeFile(notePath(folder, name), JSON.stringify(note.data));
}

export async function forgetFailure(folder: string, name: string): Promise<void> {
  await rm(notePath(folder, name), { force: true });
}

/** The failure of an attempt that ended within the last `ms` milliseconds, or null. */
export async function recentFailure(
  folder: string,
  name: string,
  withinMs: number,
): Promise<PermanentError | RetryableError | null> {
  const text = await readFile(notePath(folder, name), 'utf8').catch(() => '');
  const note = noteSchema.safeParse(jsonOrNull(text));
  if (!note.success || Date.now() - note.data.at >= withinMs) return null;
  const { code, message, passes } = note.data;
  return passes ? new RetryableError(code, message) : new PermanentError(code, message);
}
