import type { JobView } from '@spillway/web/api/schema.ts';

/**
 * True unless `known` is a later version of the same job. Lists and events come over different connections, so an older
 * document can arrive after a newer one.
 */
export function isNewer(next: JobView, known: JobView | undefined): boolean {
  return !known || next.revision >= known.revision;
}

/** False while the decision is pending, and for a job that was refused before it. */
export function isRouted(job: JobView): boolean {
  return job.route.reason !== 'reserved';
}
