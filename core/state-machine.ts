import type { JobState } from './job.ts';
import type * as transitions from './transitions.ts';

/** A change of a job's document by one function of `transitions.ts`. */
export interface JobTransition {
  name: keyof typeof transitions;
  /** `new`: there is no document yet. */
  from: readonly (JobState | 'new')[];
  /** `same`: the state stays, and something else in the document changes. */
  to: JobState | 'same';
  /** Who does it, and when. */
  by: string;
}

const ends = ['succeeded', 'failed', 'superseded', 'cancelled'] as const;

/**
 * All changes that a job goes through. `transitions.ts` has the functions; this table says from which states the use
 * cases call them. Tests hold both against what happens, and `npm run diagrams` draws docs/architecture.md from it.
 */
export const jobTransitions: readonly JobTransition[] = [
  { name: 'reserved', from: ['new'], to: 'queued', by: 'router: an upload, a retry or a re-run' },
  { name: 'deferred', from: ['new'], to: 'queued', by: 'router: bulk work, or one of a crowd' },
  {
    name: 'refusedAtOnce',
    from: ['new'],
    to: 'failed',
    by: 'router: an upload that nothing can be done with',
  },
  { name: 'reclassified', from: ['queued'], to: 'same', by: 'router: one of a large batch' },
  { name: 'routed', from: ['queued'], to: 'same', by: 'router, or sweep for a deferred job: the decision' },
  { name: 'published', from: ['queued'], to: 'same', by: 'router or sweep: the message goes out' },
  {
    name: 'unpublished',
    from: ['queued'],
    to: 'same',
    by: 'router or sweep: the message could not be handed over',
  },
  { name: 'postponed', from: ['queued'], to: 'same', by: 'VM worker: it is late anyway' },
  { name: 'moved', from: ['queued'], to: 'queued', by: 'VM worker or sweep: it would be late here' },
  { name: 'moved', from: ['processing'], to: 'queued', by: 'sweep: its claim has expired' },
  { name: 'claimed', from: ['queued'], to: 'processing', by: 'worker' },
  { name: 'claimed', from: ['processing'], to: 'processing', by: 'worker: the claim before has expired' },
  { name: 'renewed', from: ['processing'], to: 'same', by: 'worker: every third of the lease' },
  { name: 'progressed', from: ['processing'], to: 'same', by: 'worker: it fetches a model' },
  { name: 'attemptFailed', from: ['processing'], to: 'queued', by: 'worker: worth another attempt' },
  { name: 'handedBack', from: ['processing'], to: 'queued', by: 'worker: it leaves, or a service is out' },
  { name: 'leftByMachine', from: ['processing'], to: 'queued', by: 'worker: its machine lacks something' },
  { name: 'succeeded', from: ['processing'], to: 'succeeded', by: 'worker' },
  { name: 'failed', from: ['processing'], to: 'failed', by: 'worker: no attempt can help' },
  { name: 'failed', from: ['queued', 'processing'], to: 'failed', by: 'worker: poison' },
  { name: 'superseded', from: ['processing'], to: 'superseded', by: 'worker: a newer generation is there' },
  { name: 'cancelled', from: ['processing'], to: 'cancelled', by: 'worker: the source is gone' },
  { name: 'cancelled', from: ['queued', 'processing'], to: 'cancelled', by: 'a person' },
  { name: 'followed', from: ends, to: 'same', by: 'worker or sweep: the event of the end is out' },
  { name: 'tombstone', from: ends, to: 'same', by: 'a person: delete' },
];
