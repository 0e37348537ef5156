import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { HealthReport } from './health.ts';

/** How the parts of a machine are, in the file in which its supervisor says so. */
export const partsFileSchema = z.object({
  /** When the file was written. */
  at: z.coerce.date(),
  /** The supervisor itself. */
  pid: z.number().int(),
  version: z.string(),
  /** Of the site, and of the storage server, as programs of this machine reach them. */
  site: z.url(),
  storage: z.url(),
  /** Why no more pictures are taken, such as a disk that is full; null where they are. */
  refusal: z.string().nullable(),
  parts: z.record(
    z.string(),
    z.object({
      pid: z.number().int().nullable(),
      /** Tells this process from a later one with the same id. */
      startedAt: z.string().nullable(),
      state: z.enum(['running', 'restarting', 'failing']),
    }),
  ),
});
export type PartsFile = z.infer<typeof partsFileSchema>;

/** Null where there is none, or none that can be read. */
export async function readPartsFile(path: string): Promise<PartsFile | null> {
  try {
    return partsFileSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}

/** Names of the parts that keep ending. */
export function failingParts({ parts }: PartsFile): string[] {
  return Object.entries(parts).flatMap(([name, { state }]) => (state === 'failing' ? [name] : []));
}

/** A program's health, and that of the machine that it is a part of. */
export async function withParts(report: HealthReport, path: string | undefined): Promise<HealthReport> {
  if (path === undefined || report.status !== 'ready') return report;
  const file = await readPartsFile(path);
  const failing = file ? failingParts(file) : [];
  if (failing.length === 0) return report;
  return { status: 'failing', detail: `keeps ending and is started again: ${failing.join(', ')}` };
}
