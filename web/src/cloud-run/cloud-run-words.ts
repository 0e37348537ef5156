import { countOf } from '@spillway/core/amounts.ts';
import type { RunRevision, RunServiceDescription } from '@spillway/core/run-service.ts';
import type { CloudRunView, WorkerView } from '@spillway/web/api/admin-schema.ts';
import { formatDuration } from '../format/duration.ts';

/** An instance that stands still sends no heartbeat; Cloud Run ends an idle one within this time. Milliseconds. */
const seenWithinMs = 5 * 60_000;

/** How many instances there are, by what they say of themselves, and what that is worth. */
export function instanceWords(
  workers: readonly Pick<WorkerView, 'kind' | 'state' | 'ageMs' | 'busy' | 'inFlight'>[],
): [string, string] {
  const seen = workers.filter(
    ({ kind, state, ageMs }) => kind === 'run' && state !== 'stopped' && ageMs < seenWithinMs,
  );
  const busy = seen.filter(({ busy: working, inFlight }) => (inFlight ?? working) > 0).length;
  return seen.length === 0
    ? ['none', 'none has reported lately']
    : [String(seen.length), busy === 0 ? 'none is busy' : `${busy} busy`];
}

/** The minimum and the maximum of instances. A revision's own maximum counts where it is lower. */
export function scalingWords({ scaling, revisions }: RunServiceDescription): [string, string] {
  const inUse = revisions.filter(({ traffic }) => traffic > 0);
  const limits = [scaling.maxInstances, ...inUse.map(({ maxInstances }) => maxInstances)];
  const known = limits.filter((limit) => limit !== null);
  const most = known.length === 0 ? 'no maximum of its own' : `${Math.min(...known)} at most`;
  return [String(scaling.minInstances), `always started, ${most}`];
}

/** What prewarming keeps, and why. */
export function prewarmingLine(prewarming: CloudRunView['prewarming']): [string, string] {
  const { on, set, wanted, bounds, why, problem } = prewarming;
  if (problem !== null) return [on ? 'Fails' : 'Off', problem];
  if (!on) return ['Off', why];
  const wantedNow = wanted === null ? '' : ` Wanted now: ${wanted}.`;
  return [
    set === null ? 'Not set yet' : countOf(set, 'instance'),
    `${why}${wantedNow} Allowed: ${bounds.least} to ${bounds.most}.`,
  ];
}

/** Limits of an instance in one line: `2 vCPU, 4 GiB, 1 request at a time, 2 min at most`. */
export function limitWords({ limits }: RunRevision): string {
  const { vcpus, memoryBytes, concurrency, timeoutMs } = limits;
  const parts = [
    vcpus === null ? null : `${vcpus} vCPU`,
    memoryBytes === null ? null : `${round(memoryBytes / 2 ** 30)} GiB`,
    concurrency === null ? null : `${countOf(concurrency, 'request')} at a time`,
    timeoutMs === null ? null : `${formatDuration(timeoutMs)} at most`,
  ];
  return parts.filter((part) => part !== null).join(', ') || 'not said';
}

/** What Cloud Run says that is wrong or under way, one sentence each. */
export function conditionNotes({ conditions, revisions, reconciling }: RunServiceDescription): string[] {
  const notes = [
    ...conditions.map((condition) => ({ of: 'The service', ...condition })),
    ...revisions.flatMap(({ name, conditions: own }) => own.map((condition) => ({ of: name, ...condition }))),
  ]
    .filter(({ state }) => state === 'failed')
    .map(({ of, type, message }) => `${of}: ${type} has failed. ${message}`.trim());
  return [...new Set([...notes, ...(reconciling ? ['A change of the service is under way.'] : [])])];
}

/** Where pictures are sent, in words for people; null where Pub/Sub pushes jobs. */
export function reachWords(reach: CloudRunView['reach']): string | null {
  switch (reach.kind) {
    case 'jobs':
      return null;
    case 'pictures':
      return `Pictures are sent to ${reach.url}.`;
    case 'none':
      return 'There is no Cloud Run. SPILLWAY_RUN_URL names a service that works on pictures.';
    default:
      return reach satisfies never;
  }
}

/** Why the service is not shown, in words for people; null where it is, or where it is known by its address. */
export function notShownWords({ service, reach }: Pick<CloudRunView, 'service' | 'reach'>): string | null {
  switch (service.kind) {
    case 'read':
      return null;
    case 'not_named':
      return reach.kind === 'jobs'
        ? 'The site is not told which service of Cloud Run the worker is: SPILLWAY_RUN_SERVICE names it.'
        : null;
    case 'not_shown':
      return service.why;
    default:
      return service satisfies never;
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
