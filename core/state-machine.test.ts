import { expect, it } from 'vitest';
import { isTerminal, type Job, type JobState } from './job.ts';
import { type JobTransition, jobTransitions } from './state-machine.ts';
import { later, noon, sampleJob } from './testing/sample-job.ts';
import * as transitions from './transitions.ts';

const { epoch: _, at: __, movedFrom: ___, decideBy: ____, ...choice } = sampleJob().route;
const claim = { worker: 'vm-1', token: 'token', expiresAt: later(10_000) };
const newJob = { ...sampleJob(), objectiveMs: 1_000, clockStartsAt: noon, workMs: 1 };
const error = { code: 'poison', message: 'It ended three workers.', retryable: false } as const;
const failure = { code: 'internal', signature: null } as const;

/** Every function of transitions.ts that makes a document, called on a job. */
const changes: Record<string, (job: Job) => Job> = {
  reserved: () => transitions.reserved(newJob, noon),
  deferred: () => transitions.deferred(newJob, noon),
  refusedAtOnce: () => transitions.refusedAtOnce(newJob, error, noon),
  reclassified: (job) => transitions.reclassified(job, 'bulk', 1_000),
  routed: (job) => transitions.routed(job, choice, noon),
  published: (job) => transitions.published(job, noon),
  unpublished: (job) => transitions.unpublished(job),
  postponed: (job) => transitions.postponed(job, later(1)),
  moved: (job) => transitions.moved(job, choice, noon),
  claimed: (job) => {
    const outcome = transitions.claimed(job, job.route.epoch, claim, 3, later(20_000));
    return outcome.kind === 'claimed' ? outcome.job : job;
  },
  renewed: (job) => transitions.renewed(job, claim),
  progressed: (job) => transitions.progressed(job, null),
  attemptFailed: (job) => transitions.attemptFailed(job, failure, 'vm-1', noon),
  handedBack: (job) => transitions.handedBack(job, 'leaving', noon, noon),
  leftByMachine: (job) => transitions.leftByMachine(job, 'vm-1', noon),
  // Which result and timings does not matter here.
  succeeded: (job) => transitions.succeeded(job, null as never, null as never, noon),
  failed: (job) => transitions.failed(job, error, noon),
  superseded: (job) => transitions.superseded(job, noon),
  cancelled: (job) => transitions.cancelled(job, noon),
  followed: (job) => transitions.followed(job, ['event'], noon),
  tombstone: (job) => transitions.tombstone(job, noon),
};
/** Functions of transitions.ts that ask, or that change no job by themselves. */
const others = ['replaced', 'claimability', 'isPoison', 'holds', 'shouldLeaveToOthers', 'storableError'];

function jobIn(state: JobState | 'new'): Job {
  if (state === 'new') return sampleJob();
  return { ...sampleJob(), state, claim: state === 'processing' ? claim : null };
}

const cases = jobTransitions.flatMap((transition) =>
  transition.from.map((from) => ({ ...transition, from })),
);

it.each(cases)('$name leads from $from to $to', ({ name, from, to }) => {
  const next = changes[name]?.(jobIn(from));
  expect(next?.state).toBe(to === 'same' ? from : to);
});

it('the table has every function that changes a job', () => {
  const named = new Set<string>(jobTransitions.map(({ name }: JobTransition) => name));
  const functions = Object.entries(transitions).filter(([, value]) => typeof value === 'function');
  expect(functions.map(([name]) => name).sort()).toEqual([...named, ...others].sort());
  expect(Object.keys(changes).sort()).toEqual([...named].sort());
});

it('nothing leads out of a state that ends a job', () => {
  const out = cases.filter(({ from, to }) => from !== 'new' && isTerminal(from) && to !== 'same');
  expect(out).toEqual([]);
});
