import { z } from 'zod';
import { instant } from './job.ts';
import { mostIndexedBytes, storableText } from './text.ts';

/** The task that passed something over. */
export const passingTasks = ['routing', 'sweep', 'search', 'reading'] as const;
export type PassingTask = (typeof passingTasks)[number];

/**
 * `passed-over/{id}`: an upload, a job or a document for which nothing could be done. It was left behind so that others
 * could go on. The note is kept while the same is found again, and a little longer.
 */
export const passedOverSchema = z.object({
  task: z.enum(passingTasks),
  /** An object as `gs://bucket/name#generation`, or another name for what was passed over. */
  item: storableText(mostIndexedBytes),
  /** The reason in English sentences. */
  why: storableText(mostIndexedBytes),
  since: instant,
  lastAt: instant,
  times: z.int().min(1),
  expiresAt: instant,
});
export type PassedOver = z.infer<typeof passedOverSchema>;

const hourMs = 3_600_000;

/** Milliseconds that it is kept after the last sighting: until the same task would have found it again. */
export const keptPassedOverMs: Record<PassingTask, number> = {
  // It is put aside for a person. The search finds it again within a day.
  routing: 48 * hourMs,
  sweep: hourMs / 4,
  search: 26 * hourMs,
  reading: hourMs / 4,
};

/** `gs://bucket/name#generation`, as Google's own tools write it. */
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
