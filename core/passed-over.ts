import { z } from 'zod';
import { instant } from './job.ts';
import { mostIndexedBytes, storableText } from './text.ts';

/** Where something was passed over. */
export const passingTasks = ['routing', 'sweep', 'search', 'reading'] as const;
export type PassingTask = (typeof passingTasks)[number];

/**
 * `passed-over/{id}`: an upload, a job or a document for which nothing could be done, so that others could go on. It is
 * kept for as long as the same is found again, and a little.
 */
export const passedOverSchema = z.object({
  task: z.enum(passingTasks),
  /** An object as `gs://bucket/name#generation`, or what else names it. */
  item: storableText(mostIndexedBytes),
  /** In English sentences. */
  why: storableText(mostIndexedBytes),
  since: instant,
  lastAt: instant,
  times: z.int().min(1),
  expiresAt: instant,
});
export type PassedOver = z.infer<typeof passedOverSchema>;

const hourMs = 3_600_000;

/** How long it is kept after it was seen last, in milliseconds: until the same task would have met it again. */
export const keptPassedOverMs: Record<PassingTask, number> = {
  // Put aside for a person: the search brings it back within a day.
  routing: 48 * hourMs,
  sweep: hourMs / 4,
  search: 26 * hourMs,
  reading: hourMs / 4,
};

/** `gs://bucket/name#generation`, the form of Google's own tools. */
export function objectAddress({
  bucket,
  name,
  generation,
}: {
  bucket: string;
  name: string;
  generation: string;
}): string {
  return `gs://${bucket}/${name}#${generation}`;
}
