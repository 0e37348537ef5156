import { type Background, startRecurring } from '@spillway/core/background.ts';
import { type Claim, type Job, schemaVersion } from '@spillway/core/job.ts';
import type { JobMessage } from '@spillway/core/messages.ts';
import { begin, type Steps, waitFor } from '@spillway/core/steps.ts';
import { claimed, holds, renewed } from '@spillway/core/transitions.ts';
import { changeJob } from './change-job.ts';
import { ofJob } from './log/of-job.ts';
import type { Stored } from './ports/jobs.ts';
import type { Clock, Ports } from './ports/ports.ts';

export interface Claimant {
  ports: Pick<Ports, 'jobs' | 'clock' | 'timers' | 'newToken' | 'log'>;
  worker: string;
  claimMs: number;
  maxAttempts: number;
}

export type ClaimAnswer =
  | { kind: 'claimed'; stored: Stored; token: string }
  | { kind: 'dropped'; why: 'ended' | 'moved' | 'claimed' | 'unknown' }
  | { kind: 'poison'; job: Job }
  /** Written by a newer version of this program, which alone knows what it means. */
  | { kind: 'newer' };

/** Claims the job for this worker: others that try find the claim. Throws `OutageError`. */
export function* claimJob(message: JobMessage, claimant: Claimant): Steps<ClaimAnswer> {
  const { jobs, newToken } = claimant.ports;
  const token = newToken();
  for (;;) {
    const stored = yield* waitFor(jobs.get(message.jobId));
    if (!stored) return { kind: 'dropped', why: 'unknown' };
    // A claim of ours whose reply was lost comes back as refused; the token tells that it is ours.
    if (holds(stored.job, token)) return { kind: 'claimed', stored, token };
    const answer = yield* claimAsRead(stored, message.epoch, claimant, token);
    if (answer.kind !== 'changed') return answer;
  }
}

/** The same with one write, which is refused where the document has changed since it was read. */
export function* claimAsRead(
  stored: Stored,
  epoch: number,
  claimant: Claimant,
  token = claimant.ports.newToken(),
): Steps<ClaimAnswer | { kind: 'changed' }> {
  const { jobs } = claimant.ports;
  if (stored.job.schemaVersion > schemaVersion) return { kind: 'newer' };
  const claim = newClaim(claimant, token);
  const outcome = claimed(stored.job, epoch, claim, claimant.maxAttempts, stored.readAt);
  if (outcome.kind === 'dropped') return outcome;
  if (outcome.kind === 'poison') return { kind: 'poison', job: stored.job };
  const written = yield* waitFor(jobs.replace(stored, outcome.job));
  return written ? { kind: 'claimed', stored: written, token } : { kind: 'changed' };
}

export interface HeldClaim extends Background {
  /** The document as this worker has last written it. */
  latest(): Stored;
  /** Aborted once the claim is known to be lost: whatever is made from then on will not count. */
  signal: AbortSignal;
}

/** Keeps a claim alive while its work runs: renewed three times in each period. */
export function holdClaim(claimed: Stored, token: string, claimant: Claimant): HeldClaim {
  const { ports, claimMs } = claimant;
  const { id } = claimed.job;
  let latest = claimed;
  const lost = new AbortController();
  const renewals = startRecurring({
    everyMs: claimMs / 3,
    timers: ports.timers,
    round: () => begin(renew()),
    // The claim lives on until it expires; the next renewal may go through.
    onError: (error) => ports.log.warn({ ...ofJob(claimed.job), error }, 'A claim could not be renewed.'),
  });
  return { latest: () => latest, signal: lost.signal, stop: renewals.stop };

  function* renew(): Steps<void> {
    const stored = yield* changeJob(
      ports.jobs,
      id,
      (current) => (holds(current, token) ? renewed(current, newClaim(claimant, token)) : null),
      latest,
    );
    if (stored) latest = stored;
    else lost.abort(new Error('The claim was lost.'));
  }
}

function newClaim(
  claimant: { ports: { clock: Clock }; worker: string; claimMs: number },
  token: string,
): Claim {
  const expiresAt = new Date(claimant.ports.clock.now().getTime() + claimant.claimMs);
  return { worker: claimant.worker, token, expiresAt };
}
