import { messageOf, OutageError } from '@spillway/core/errors.ts';
import type { JobFilter } from '@spillway/core/job-filter.ts';
import { filterOf, jobQuerySchema } from '@spillway/core/job-query.ts';
import {
  initialMassAction,
  type MassAction,
  type MassActionDocument,
  type MassActionKind,
  statesFor,
  type WhichJobs,
} from '@spillway/core/mass-action.ts';
import { cancelJob } from './cancel.ts';
import { deleteJob } from './delete.ts';
import { mostCounted } from './find-jobs.ts';
import type { Ports } from './ports/ports.ts';
import { retryJob } from './retry.ts';

/** Jobs of one step, and how many are worked on at the same time. */
const jobsAStep = 50;
const atOnce = 8;
/** Above this many, nobody waits for each of the retried jobs: they let others pass. */
const fewRetries = 20;

/** What one job became. */
type Deed = { kind: 'done' } | { kind: 'spared' } | { kind: 'refused'; why: string };

/** The parts of the jobs that an action goes through, each with a filter of its own; none where it is for no such job. */
export function partsOf(kind: MassActionKind, filter: JobFilter): JobFilter[] {
  return statesFor(kind).flatMap((state) => {
    if (state === null || filter.state === state) return [filter];
    return filter.state === undefined ? [{ ...filter, state }] : [];
  });
}

/** How many jobs the action would be for. `exact` is false where there are more, or perhaps fewer. */
export async function expectedJobs(
  kind: MassActionKind,
  filter: JobFilter,
  { feed }: Pick<Ports, 'feed'>,
): Promise<{ jobs: number; exact: boolean }> {
  const counts = await Promise.all(partsOf(kind, filter).map((part) => feed.count(part, mostCounted)));
  return {
    jobs: counts.reduce((sum, { jobs }) => sum + jobs, 0),
    exact: counts.every(({ exact }) => exact === 'exactly'),
  };
}

/**
 * Does the next step of the action, and gives it as it is then. A job that cannot be changed is passed over, so that it does
 * not keep the others from their turn. Safe to repeat. Throws `OutageError` once nothing of the step goes on any more.
 */
export async function takeStep(action: MassAction, ports: Ports): Promise<MassAction> {
  if (action.state !== 'running') return action;
  const { ids, place } = await nextJobs(action, ports);
  const deeds: Deed[] = [];
  const waiting = [...ids];
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      deeds.push(await triedOn(id, action, ports));
    }
  };
  const works = Array.from({ length: atOnce }, work);
  await Promise.allSettled(works);
  await Promise.all(works);
  const count = (kind: Deed['kind']) => deeds.filter((deed) => deed.kind === kind).length;
  const problem = deeds.findLast((deed) => deed.kind === 'refused')?.why ?? action.problem;
  return {
    ...action,
    state: place === null ? 'done' : 'running',
    place: place ?? action.place,
    changedAt: ports.clock.now(),
    done: action.done + count('done'),
    spared: action.spared + count('spared'),
    refused: action.refused + count('refused'),
    problem,
  };
}

/** The jobs of the next step, and where the step after it goes on; null behind the last. */
async function nextJobs(
  { kind, which, place }: MassAction,
  { feed }: Pick<Ports, 'feed'>,
): Promise<{ ids: string[]; place: MassAction['place'] | null }> {
  if (which.kind === 'named') {
    const from = Number(place.cursor ?? 0);
    const next = from + jobsAStep;
    return {
      ids: which.ids.slice(from, next),
      place: next < which.ids.length ? { part: 0, cursor: String(next) } : null,
    };
  }
  const parts = partsOf(kind, filterOfWhich(which));
  const part = parts[place.part];
  if (!part) return { ids: [], place: null };
  const page = await feed.find(part, jobsAStep, place.cursor);
  const ids = page.jobs.map(({ id }) => id);
  if (page.cursor !== null) return { ids, place: { part: place.part, cursor: page.cursor } };
  return { ids, place: place.part + 1 < parts.length ? { part: place.part + 1, cursor: null } : null };
}

function filterOfWhich({ query }: Extract<WhichJobs, { kind: 'matching' }>): JobFilter {
  // Its times are absolute. Without a condition that only a newer version knows it would mean more jobs.
  return filterOf(jobQuerySchema.strict().parse(query), new Date(0));
}

async function triedOn(id: string, action: MassAction, ports: Ports): Promise<Deed> {
  try {
    return await doTo(id, action, ports);
  } catch (error) {
    if (error instanceof OutageError) throw error;
    ports.log.warn({ error, jobId: id, kind: action.kind }, 'A job among many could not be changed.');
    return { kind: 'refused', why: messageOf(error) };
  }
}

async function doTo(id: string, { kind, expected }: MassAction, ports: Ports): Promise<Deed> {
  switch (kind) {
    case 'retry': {
      const retried = await retryJob(id, ports, { isOneOfMany: expected > fewRetries });
      if (retried.kind === 'retried') return { kind: retried.isNew ? 'done' : 'spared' };
      return retried.why === 'not_runnable'
        ? { kind: 'refused', why: 'its operation or options are not valid' }
        : { kind: 'spared' };
    }
    case 'cancel':
      return { kind: (await cancelJob(id, ports)).kind === 'cancelled' ? 'done' : 'spared' };
    case 'delete': {
      const stored = await ports.jobs.get(id);
      if (!stored || stored.job.deletedAt) return { kind: 'spared' };
      await deleteJob(id, ports);
      return { kind: 'done' };
    }
    default:
      return kind satisfies never;
  }
}

/** Begins an action. The last one is forgotten; null where one is under way. */
export async function beginAction(
  action: MassAction,
  { massActions }: Pick<Ports, 'massActions'>,
): Promise<MassAction | null> {
  return changeAction(massActions, (current) => (current?.state === 'running' ? null : action));
}

/** Writes what `change` makes of the action as it is now; null where it declines. */
export async function changeAction(
  document: Ports['massActions'],
  change: (current: MassAction | null) => MassAction | null,
): Promise<MassAction | null> {
  for (let tries = 0; tries < mostTries; tries++) {
    const current: MassActionDocument = (await document.read()) ?? initialMassAction;
    const next = change(current.action);
    if (next === null) return null;
    if (await document.replace(current, { ...current, action: next })) return next;
  }
  throw new OutageError('The action was changed by somebody else again and again; try again.');
}
const mostTries = 10;
