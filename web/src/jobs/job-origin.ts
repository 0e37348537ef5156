import type { JobView } from '@spillway/web/api/schema.ts';

/** What the page knows a job's picture by: its upload, or its object where it was not uploaded on the page. */
export function originOf({ upload, source }: JobView): string {
  return upload ?? `${source.name}#${source.generation}`;
}

/** A picture and an operation. */
export function cardKeyOf(job: JobView): string {
  return `${originOf(job)}:${job.operation}`;
}
