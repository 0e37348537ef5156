import type { Job } from '../job.ts';
import { type NewJob, reserved } from '../transitions.ts';

/** A time to count from. */
export const noon = new Date('2026-01-01T12:00:00Z');

export function later(ms: number): Date {
  return new Date(noon.getTime() + ms);
}

/** A reserved job for tests. `changes` name only what matters. */
export function sampleJob(changes: Partial<NewJob> = {}): Job {
  return reserved(newSampleJob(changes), noon);
}

/** The same before it is recorded. */
export function newSampleJob(changes: Partial<NewJob> = {}): NewJob {
  const timeCreated = noon;
  return {
    id: '0123456789abcdef0123456789abcdef',
    operation: 'sketch',
    options: { blur: 21, format: 'png' },
    owner: null,
    source: {
      bucket: 'uploads',
      name: 'sketch/cat.jpg',
      generation: '1700000000000001',
      size: 1_000,
      contentType: 'image/jpeg',
      timeCreated,
      pixels: null,
    },
    class: 'interactive',
    batch: null,
    batchSize: null,
    batchIndex: null,
    upload: null,
    run: 1,
    retryOf: null,
    rerunOf: null,
    reservation: 'reservation',
    trace: null,
    objectiveMs: 2_000,
    clockStartsAt: timeCreated,
    workMs: 300,
    ...changes,
  };
}
