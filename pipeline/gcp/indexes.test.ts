import { type AggregateQuery, Firestore, Query, Timestamp } from '@google-cloud/firestore';
import { noon, sampleJob } from '@spillway/core/testing/sample-job.ts';
import { describe, expect, it, vi } from 'vitest';
import { readIndexFile } from '../../emulators/firestore-indexes/index-file.ts';
import { checkQueries } from '../../emulators/firestore-indexes/recorded-queries.ts';
import { unindexedFields } from '../limits/jobs.ts';
import type { Backlog, JobFeed, RoutingSums } from '../ports/jobs.ts';
import { storeClock } from '../store-clock.ts';
import { systemClock } from '../system-clock.ts';
import { createFirestoreJobs } from './jobs.ts';

/** Every query of the job store, caught on its way to Firestore. */
async function queriesOfTheStore(): Promise<object[]> {
  const queries: object[] = [];
  const answer = {
    docs: [],
    readTime: Timestamp.now(),
    data: () => ({ jobs: 0, workMs: 0, dollars: 0, count: 0 }),
  };
  vi.spyOn(Query.prototype, 'get').mockImplementation(async function (this: Query) {
    queries.push(this);
    return answer as never;
  });
  const firestore = new Firestore({ projectId: 'demo-indexes' });
  const aggregateQueries: AggregateQuery<never> = Object.getPrototypeOf(firestore.collection('jobs').count());
  vi.spyOn(aggregateQueries, 'get').mockImplementation(async function (this: object) {
    queries.push(this);
    return answer as never;
  });
  vi.spyOn(Query.prototype, 'onSnapshot').mockImplementation(function (this: Query) {
    queries.push(this);
    return () => {};
  });
  const { jobs, sums, backlog, feed } = createFirestoreJobs(firestore, storeClock(systemClock), () => {});
  const time = Timestamp.fromDate(noon);
  const job = sampleJob({ batch: 'b', owner: 'ann' });
  const stored = { job, version: { createTime: time, updateTime: time }, updatedAt: noon, readAt: noon };
  const all = {
    owner: 'ann',
    upload: 'u',
    batch: 'b',
    operation: 'sketch',
    state: 'queued',
    target: 'vm',
  } as const;
  const calls: Record<keyof RoutingSums | keyof Backlog | keyof JobFeed | 'ofSource', () => unknown> = {
    ledger: () => sums.ledger(stored, noon),
    ledgerInTurn: () => sums.ledgerInTurn(stored, (ms) => new Date(noon.getTime() + ms)),
    line: () => Promise.all([backlog.line('vm', 4), backlog.line('run', 4)]),
    running: () => sums.running(),
    waitingBefore: () => Promise.all([sums.waitingBefore('vm', noon), sums.waitingBefore('run', noon)]),
    arrivedSince: () => sums.arrivedSince(noon),
    succeededSince: () => sums.succeededSince('run', noon),
    failedSince: () => sums.failedSince('run', noon, 10),
    runDollarsSince: () => sums.runDollarsSince(noon),
    batchBefore: () => sums.batchBefore(stored),
    countOpen: () => feed.countOpen(),
    newest: () => feed.newest(10),
    find: () => Promise.all([feed.find(all, 10, null), feed.find({}, 10, null)]),
    ofSource: () => jobs.ofSource(job.source),
    unpublished: () => backlog.unpublished(0, 10),
    published: () => backlog.published(0, 10),
    abandoned: () => backlog.abandoned(10),
    outboxes: () => backlog.outboxes(0, 10),
    watch: () =>
      feed.watch(
        all,
        10,
        () => {},
        () => {},
      ),
  };
  for (const call of Object.values(calls)) await call();
  vi.restoreAllMocks();
  return queries;
}

const indexes = new URL('firestore.indexes.json', import.meta.url);

/** `toProto` is the client's own way to the request that it sends. */
const requestOf = (query: object) => (query as { toProto(): unknown }).toProto();

describe('composite indexes, which no emulator asks for', () => {
  it('are listed for every query of the job store, and no others are', async () => {
    const queries = (await queriesOfTheStore()).map((query) => ({
      by: 'the job store',
      request: requestOf(query),
    }));
    expect(queries.length).toBeGreaterThan(20);
    const { refused, unused } = checkQueries(queries, await readIndexFile(indexes));
    expect({ refused, unused }).toEqual({ refused: [], unused: [] });
  });

  it('leave out the fields whose text may be longer than an index takes', async () => {
    const { fieldOverrides } = await readIndexFile(indexes);
    const exempt = fieldOverrides.filter(
      ({ collectionGroup, indexes }) => collectionGroup === 'jobs' && indexes.length === 0,
    );
    expect(exempt.map(({ fieldPath }) => fieldPath)).toEqual(unindexedFields);
  });
});
