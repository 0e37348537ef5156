import { type AggregateQuery, Firestore, Query, Timestamp } from '@google-cloud/firestore';
import type { JobFilter } from '@spillway/core/job-filter.ts';
import { wholeLine } from '@spillway/core/routing/lanes.ts';
import { noon, sampleJob } from '@spillway/core/testing/sample-job.ts';
import { createFirestoreApiKeys } from '../gcp/api-keys.ts';
import { createFirestoreAudit } from '../gcp/audit.ts';
import { createFirestoreFleet } from '../gcp/fleet.ts';
import { createFirestoreJobs } from '../gcp/jobs.ts';
import { createFirestorePassedOver } from '../gcp/passed-over.ts';
import { createFirestoreSettings } from '../gcp/settings.ts';
import { createFirestoreShares } from '../gcp/shares.ts';
import { silentLog } from '../memory/ports.ts';
import type { Backlog, JobFeed, RoutingSums } from '../ports/jobs.ts';
import { storeClock } from '../store-clock.ts';
import { systemClock } from '../system-clock.ts';

/** A query as it is sent to Firestore. */
interface SentQuery {
  by: string;
  request: unknown;
}

/**
 * Every query of the adapters, caught on its way to Firestore. While it runs, no query of this process reaches Firestore,
 * so nothing else may use a client.
 */
export async function queriesOfAdapters(): Promise<SentQuery[]> {
  const firestore = new Firestore({ projectId: 'demo-indexes' });
  const sums: AggregateQuery<never> = Object.getPrototypeOf(firestore.collection('jobs').count());
  const queries: object[] = [];
  const caught = {
    get(this: object) {
      queries.push(this);
      const data = () => ({ jobs: 0, workMs: 0, dollars: 0, count: 0 });
      return Promise.resolve({ docs: [], readTime: Timestamp.now(), data });
    },
    onSnapshot(this: object) {
      queries.push(this);
      return () => {};
    },
  };
  const restore = [
    replaced(Query.prototype, 'get', caught.get),
    replaced(Query.prototype, 'onSnapshot', caught.onSnapshot),
    replaced(sums, 'get', caught.get),
  ];
  try {
    await callJobPorts(firestore);
    await callOthers(firestore);
  } finally {
    for (const each of restore) each();
  }
  // `toProto` is the client's own way to the request that it sends.
  return queries.map((query) => ({
    by: 'an adapter',
    request: (query as { toProto(): unknown }).toProto(),
  }));
}

async function callJobPorts(firestore: Firestore): Promise<void> {
  const { jobs, sums, backlog, feed } = createFirestoreJobs(firestore, storeClock(systemClock), () => {});
  const time = Timestamp.fromDate(noon);
  const job = sampleJob({ batch: 'b', owner: 'ann' });
  const stored = { job, version: { createTime: time, updateTime: time }, updatedAt: noon, readAt: noon };
  const watched = {
    owner: 'ann',
    upload: 'u',
    batch: 'b',
    operation: 'sketch',
    state: 'queued',
    target: 'vm',
  } as const;
  const all: Required<JobFilter> = {
    ...watched,
    class: 'bulk',
    reason: 'run_vm_late',
    errorCode: 'internal',
    worker: 'vm-1',
    source: 'uploads/sketch/',
    name: { kind: 'words', words: ['cat', 'small'] },
    from: noon,
    to: noon,
    atLeastMs: 10_000,
    belowMs: 600_000,
  };
  const calls: Record<keyof RoutingSums | keyof Backlog | keyof JobFeed | 'ofSource', () => unknown> = {
    ledger: () => sums.ledger(stored, noon),
    ledgerInTurn: () => sums.ledgerInTurn(stored, (ms) => new Date(noon.getTime() + ms)),
    line: () =>
      Promise.all(
        (['vm', 'run'] as const).flatMap((target) => [
          backlog.line(target, 4),
          backlog.line(target, 4, stored),
        ]),
      ),
    heads: () =>
      Promise.all([
        backlog.heads(wholeLine, 4),
        backlog.heads({ of: 16, numbers: [1, 2, 3, 4] }, 4, noon),
        backlog.heads({ of: 256, numbers: [1, 2] }, 4),
      ]),
    oldestWaiting: () => Promise.all([backlog.oldestWaiting('vm'), backlog.oldestWaiting('run')]),
    besideLine: () => sums.besideLine(),
    ownerAhead: () => sums.ownerAhead(stored),
    ownerOpen: () => sums.ownerOpen('ann', noon),
    running: () => sums.running(),
    waitingBefore: () => Promise.all([sums.waitingBefore('vm', noon), sums.waitingBefore('run', noon)]),
    arrivedSince: () => sums.arrivedSince(noon),
    arrivedOf: () => sums.arrivedOf('sketch', noon, noon),
    endedWithin: () => sums.endedWithin(noon, noon),
    succeededSince: () => sums.succeededSince('run', noon),
    failedSince: () => sums.failedSince('run', noon, 10),
    runDollars: () => sums.runDollars(noon, noon),
    batchBefore: () => sums.batchBefore(stored),
    countOpen: () => feed.countOpen(),
    newest: () => feed.newest(10),
    find: () => Promise.all(partsOf(all).map((filter) => feed.find(filter, 10, null))),
    count: () => Promise.all(partsOf(all).map((filter) => feed.count(filter, 10))),
    firstFailed: () => feed.firstFailed('internal', noon),
    ofSource: () => jobs.ofSource(job.source),
    deferred: () => backlog.deferred(10),
    unpublished: () => backlog.unpublished(0, 10),
    published: () => backlog.published(0, 10),
    abandoned: () => backlog.abandoned(10),
    outboxes: () => backlog.outboxes(0, 10),
    watch: () =>
      feed.watch(
        watched,
        10,
        () => {},
        () => {},
      ),
  };
  for (const call of Object.values(calls)) await call();
}

async function callOthers(firestore: Firestore): Promise<void> {
  const clock = storeClock(systemClock);
  const fleet = createFirestoreFleet(firestore, clock, silentLog);
  await fleet.read();
  await fleet.removeExpired();
  await fleet.controls();
  fleet.watch(
    () => {},
    () => {},
  );
  const passedOver = createFirestorePassedOver(firestore, clock);
  await passedOver.recent(10);
  await passedOver.removeExpired();
  const audit = createFirestoreAudit(firestore);
  await audit.recent(10, null);
  const settings = createFirestoreSettings(firestore, clock, silentLog, () => {});
  await settings.history('routing', 10, null);
  await createFirestoreApiKeys(firestore).list(10);
  await createFirestoreShares(firestore).ofOwner('ann', 10);
}

/** The filter without fields, with each field by itself, with each two, with all but one, and with all. */
function partsOf(filter: JobFilter): JobFilter[] {
  const fields = Object.entries(filter);
  const some = fields.flatMap((one, at) => [
    [one],
    ...fields.slice(at + 1).map((other) => [one, other]),
    fields.filter((each) => each !== one),
  ]);
  return [[], ...some, fields].map((part) => Object.fromEntries(part));
}

/** Replaces a method; the function that it returns puts it back. */
function replaced(target: object, name: string, method: unknown): () => void {
  const before = Reflect.get(target, name);
  Reflect.set(target, name, method);
  return () => Reflect.set(target, name, before);
}
