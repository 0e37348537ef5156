import type { ListedJob } from '@spillway/pipeline/ports/jobs.ts';

/**
 * A place in the order of all writes of jobs, which is the id of an event: what was written after it is what a browser
 * has not seen. Writes of one moment are ordered by their jobs.
 */
export interface WritePlace {
  position: string;
  id: string;
}

export function placeOf({ position, stored }: ListedJob): WritePlace {
  return { position, id: stored.job.id };
}

export function isAfter(place: WritePlace, other: WritePlace): boolean {
  return place.position === other.position ? place.id > other.id : place.position > other.position;
}

/** The oldest change first. */
export function byWrite(a: ListedJob, b: ListedJob): number {
  if (isAfter(placeOf(a), placeOf(b))) return 1;
  return isAfter(placeOf(b), placeOf(a)) ? -1 : 0;
}

export function eventIdOf({ position, id }: WritePlace): string {
  return `${position}-${id}`;
}

/** Reads a Last-Event-ID with a position of one of the stores; null, so that everything is sent, where it is none. */
export function placeNamed(lastEventId: string | undefined): WritePlace | null {
  const [, position, id] = /^(\d{12}\.\d{9}|\d{16})-(\w{1,64})$/.exec(lastEventId ?? '') ?? [];
  return position === undefined || id === undefined ? null : { position, id };
}
