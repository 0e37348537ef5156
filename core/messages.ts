import { z } from 'zod';
import { failureCodeList } from './errors.ts';
import { jobStateSchema, schemaVersion, targetSchema } from './job.ts';
import { isDocumentId } from './text.ts';

/**
 * A message on `jobs-vm` or `jobs-run`. The job document is the truth, so a message without it is worthless, and one
 * with another epoch than the document's is dropped.
 */
export const jobMessageSchema = z.object({
  schemaVersion: z.int().min(1),
  jobId: z.string().refine(isDocumentId, 'is not the id of a document'),
  epoch: z.int().min(0),
});
export type JobMessage = z.infer<typeof jobMessageSchema>;

/** Begins the id in a message that tries Cloud Run out. No job has such an id, so an older worker drops the message. */
const probePrefix = 'probe-';

/** A message that asks a Cloud Run worker to do a small picture of its own, and to say how that went. */
export function probeMessage(token: string, version: number): JobMessage {
  return { schemaVersion: version, jobId: `${probePrefix}${token}`, epoch: 0 };
}

/** The token of such a message; null for a job's. */
export function probeOf({ jobId }: JobMessage): string | null {
  return jobId.startsWith(probePrefix) ? jobId.slice(probePrefix.length) : null;
}

/** The `data` of the CloudEvent that `job-events` carries for every job that ends. */
export const jobEndedSchema = z.object({
  jobId: z.string(),
  state: jobStateSchema,
  operation: z.string(),
  owner: z.string().nullable(),
  source: z.object({ bucket: z.string(), name: z.string(), generation: z.string() }),
  result: z.object({ bucket: z.string(), name: z.string(), receipt: z.string() }).nullable(),
  error: z.object({ code: z.enum(failureCodeList), message: z.string() }).nullable(),
  target: targetSchema,
});
export type JobEnded = z.infer<typeof jobEndedSchema>;
export const jobEndedType = 'dev.spillway.job.ended.v1';

export type ParsedMessage =
  | { kind: 'message'; message: JobMessage }
  /** A newer version of this program wrote it. Leave it for a worker of that version. */
  | { kind: 'newer'; version: number }
  | { kind: 'malformed'; problem: string };

export function parseJobMessage(data: string): ParsedMessage {
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch {
    return { kind: 'malformed', problem: 'The message is not JSON.' };
  }
  const parsed = jobMessageSchema.safeParse(json);
  if (!parsed.success) return { kind: 'malformed', problem: z.prettifyError(parsed.error) };
  if (parsed.data.schemaVersion > schemaVersion) return { kind: 'newer', version: parsed.data.schemaVersion };
  return { kind: 'message', message: parsed.data };
}
