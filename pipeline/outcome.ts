import type { MachineLack } from '@spillway/core/errors.ts';
import { messageOf } from '@spillway/core/errors.ts';
import type { Job, JobError } from '@spillway/core/job.ts';

/**
 * What became of a message, or of a look at the VMs' line.
 * `ack`: whether the queue may forget the message; false asks it to bring the message again.
 */
export type Outcome =
  | { kind: 'succeeded'; ack: true; job: Job }
  | { kind: 'failed'; ack: true; job: Job; error: JobError }
  /** The job ended `superseded` or `cancelled`, because that generation of its source is gone. */
  | { kind: 'source_gone'; ack: true; job: Job }
  /** There was nothing to do: the job has ended, was moved, is claimed by another worker, or is unknown. */
  | { kind: 'dropped'; ack: true; why: 'ended' | 'moved' | 'claimed' | 'unknown' | 'claim_lost' }
  /** No job waits for the VMs. */
  | { kind: 'nothing_waits'; ack: true }
  /** The message cannot be read, or its job's document cannot. `ack`: it was put aside in `jobs-dead`. */
  | { kind: 'malformed'; ack: boolean; why: string }
  /** A newer version of this program wrote the message or its job; a worker of that version takes it. */
  | { kind: 'newer'; ack: false; why: string }
  /** It was a picture of Spillway's own. `problem`: what went wrong with it; null where it went well. */
  | { kind: 'tried_out'; ack: true; problem: string | null }
  | GivenBack;

/** The job waits again. `ack`: it has a new message, or the sweep gives it one, so this one may be forgotten. */
export interface GivenBack {
  kind: 'given_back';
  ack: boolean;
  why: string;
  /** The job, where its attempt failed for a reason that may lie in the worker; null for all other reasons. */
  failed: Job | null;
  /** What this machine lacks, and how many bytes the job wanted of its disk; null where the machine is well. */
  lack: { what: MachineLack; wantedBytes: number } | null;
}

/** A job that is given back with its message. `changes` say what else is known. */
export function givenBack(error: unknown, changes: Partial<GivenBack> = {}): GivenBack {
  const why = messageOf(error);
  return { kind: 'given_back', ack: false, why, failed: null, lack: null, ...changes };
}

/** The worker's claim was taken by another while it worked: what it made does not count. */
export const claimLost: Outcome = { kind: 'dropped', ack: true, why: 'claim_lost' };
