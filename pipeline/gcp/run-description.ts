import type { protos } from '@google-cloud/run';
import type { RunCondition, RunRevision, RunServiceDescription } from '@spillway/core/run-service.ts';

type Service = protos.google.cloud.run.v2.IService;
type Revision = protos.google.cloud.run.v2.IRevision;
type Condition = protos.google.cloud.run.v2.ICondition;

/** Cloud Run's enumeration, by number and by name: the client gives either. */
const conditionStates: Record<string, RunCondition['state']> = {
  1: 'under_way',
  2: 'under_way',
  3: 'failed',
  4: 'succeeded',
  CONDITION_PENDING: 'under_way',
  CONDITION_RECONCILING: 'under_way',
  CONDITION_FAILED: 'failed',
  CONDITION_SUCCEEDED: 'succeeded',
};

/** Percent of the requests by the revision's short name. Requests for "the latest" go to the latest that is ready. */
export function trafficOf(service: Service): Map<string, number> {
  const shares = new Map<string, number>();
  for (const { revision, percent } of service.trafficStatuses ?? []) {
    const name = shortName(revision || service.latestReadyRevision || '');
    if (name !== '' && percent) shares.set(name, (shares.get(name) ?? 0) + percent);
  }
  return shares;
}

/** The description of a service from what Cloud Run's API says of it and of its revisions. */
export function describeService(service: Service, revisions: readonly Revision[]): RunServiceDescription {
  const traffic = trafficOf(service);
  return {
    name: service.name ?? '',
    scaling: {
      minInstances: service.scaling?.minInstanceCount ?? 0,
      maxInstances: service.scaling?.maxInstanceCount || null,
    },
    reconciling: service.reconciling ?? false,
    conditions: [service.terminalCondition, ...(service.conditions ?? [])].flatMap(asCondition),
    revisions: revisions
      .map((revision) => describeRevision(revision, traffic.get(shortName(revision.name ?? '')) ?? 0))
      .sort((a, b) => b.traffic - a.traffic || timeOf(b.createdAt) - timeOf(a.createdAt)),
  };
}

function describeRevision(revision: Revision, traffic: number): RunRevision {
  // The container with a port is the one that gets the requests.
  const containers = revision.containers ?? [];
  const { limits } = (containers.find(({ ports }) => ports?.length) ?? containers[0])?.resources ?? {};
  const { timeout, createTime } = revision;
  return {
    name: shortName(revision.name ?? ''),
    createdAt: createTime ? new Date(secondsOf(createTime) * 1_000) : null,
    traffic,
    limits: {
      vcpus: quantityOf(limits?.cpu),
      memoryBytes: quantityOf(limits?.memory),
      concurrency: revision.maxInstanceRequestConcurrency || null,
      timeoutMs: timeout ? secondsOf(timeout) * 1_000 : null,
    },
    maxInstances: revision.scaling?.maxInstanceCount || null,
    conditions: (revision.conditions ?? []).flatMap(asCondition),
  };
}

function asCondition(condition: Condition | null | undefined): RunCondition[] {
  if (!condition?.type) return [];
  return [{ type: condition.type, state: stateOf(condition), message: condition.message ?? '' }];
}

export function isFailed(condition: Condition): boolean {
  return stateOf(condition) === 'failed';
}

function stateOf({ state }: Condition): RunCondition['state'] {
  return conditionStates[String(state)] ?? 'unknown';
}

/** The last part of a resource's name. */
export function shortName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

function timeOf(date: Date | null): number {
  return date?.getTime() ?? 0;
}

function secondsOf({
  seconds,
  nanos,
}: {
  seconds?: number | string | { toString(): string } | null;
  nanos?: number | null;
}): number {
  return Number(seconds ?? 0) + (nanos ?? 0) / 1e9;
}

const factors: Record<string, number> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};

/**
 * A quantity as Kubernetes writes it, as `2`, `500m` or `4Gi`; null where it is none.
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function quantityOf(text: string | null | undefined): number | null {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(m|[kKMG]|[KMG]i)?$/.exec(text ?? '') ?? [];
  return number === undefined ? null : Number(number) * (factors[unit ?? ''] ?? 1);
}
