import { z } from 'zod';
import { isDocumentId } from './text.ts';

/** What a dead letter was about: a job's message, or the event of an upload. */
export type LetterContent =
  | { kind: 'job'; jobId: string }
  | {
      kind: 'upload';
      /** The object; null where the event does not say. */
      object: { bucket: string; name: string; generation: string } | null;
      headers: Record<string, string>;
      /** The event as it came, parsed where it is JSON. */
      body: unknown;
    }
  | { kind: 'unreadable' };

const jobSchema = z.object({ jobId: z.string().refine(isDocumentId) });
const eventSchema = z.object({
  headers: z.record(z.string(), z.unknown()),
  body: z.string(),
});
const objectSchema = z.object({ bucket: z.string(), name: z.string(), generation: z.string() });

/** @param data The message's data. */
export function letterContent(data: string): LetterContent {
  const json = parsed(data);
  const job = jobSchema.safeParse(json);
  if (job.success) return { kind: 'job', jobId: job.data.jobId };
  const event = eventSchema.safeParse(json);
  if (!event.success) return { kind: 'unreadable' };
  const object = objectSchema.safeParse(json);
  const headers = Object.entries(event.data.headers).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return {
    kind: 'upload',
    object: object.success ? object.data : null,
    headers: Object.fromEntries(headers),
    body: parsed(event.data.body) ?? event.data.body,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
