import { readFile } from 'node:fs/promises';
import { type AggregateQuery, Firestore, Query, Timestamp } from '@google-cloud/firestore';
import { noon, sampleJob } from '@spillway/core/testing/sample-job.ts';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { unindexedFields } from '../limits/jobs.ts';
import type { Backlog, JobFeed, RoutingSums } from '../ports/jobs.ts';
import { storeClock } from '../store-clock.ts';
import { systemClock } from '../system-clock.ts';
import { createFirestoreJobs } from './jobs.ts';

/** The index that a query needs. Firestore adds the field of an inequality to the order. */
interface Need {
  equal: Set<string>;
  /**
   * The last fields of the index, in this order: those that the query sorts by, then those that it adds up.
   */
  last: string[];
}

const field = z.object({ fieldPath: z.string() });
const conditionSchema = z.object({ field, op: z.string() });
const filterSchema = z.object({
  fieldFilter: conditionSchema.optional(),
  unaryFilter: conditionSchema.optional(),
  get compositeFilter() {
    return z.object({ op: z.literal('AND'), filters: z.array(filterSchema) }).optional();
  },
});
type Filter = z.infer<typeof filterSchema>;
const querySchema = z.object({
  where: filterSchema.optional(),
  orderBy: z.array(z.object({ field, direction: z.string().default('ASCENDING') })).default([]),
});
const requestSchema = z.object({
  structuredQuery: querySchema.optional(),
  structuredAggregationQuery: z
    .object({
      structuredQuery: querySchema,
      aggregations: z.array(z.object({ sum: z.object({ field }).optional() })),
    })
    .optional(),
});
const indexFile = z.object({
  indexes: z.array(z.object({ fields: z.array(z.object({ fieldPath: z.string(), order: z.string() })) })),
  fieldOverrides: z.array(
    z.object({ collectionGroup: z.string(), fieldPath: z.string(), indexes: z.array(z.unknown()) }),
  ),
});

/** `toProto` is the client's own way to the request that it sends. */
function needOf(query: object): Need {
  const request = requestSchema.parse((query as { toProto(): unknown }).toProto());
  const { structuredAggregationQuery: aggregation } = request;
  const { where, orderBy } = querySchema.parse(request.structuredQuery ?? aggregation?.structuredQuery);
  const conditions = where ? conditionsOf(where) : [];
  const isEquality = (op: string) => ['EQUAL', 'IN', 'IS_NULL'].includes(op);
  const equal = new Set(conditions.filter(({ op }) => isEquality(op)).map((each) => each.field.fieldPath));
  const ranges = conditions
    .filter(({ op }) => !isEquality(op))
    .map((each) => `${each.field.fieldPath} ASCENDING`);
  const order = orderBy.map((each) => `${each.field.fieldPath} ${each.direction}`);
  const sums = (aggregation?.aggregations ?? []).flatMap(({ sum }) =>
    sum ? `${sum.field.fieldPath} ASCENDING` : [],
  );
  // Every index ends with the document's name.
  const sorted = [...new Set([...order, ...ranges])].filter((each) => !each.startsWith('__name__ '));
  return { equal, last: [...sorted, ...sums] };
}

function conditionsOf({
  fieldFilter,
  unaryFilter,
  compositeFilter,
}: Filter): z.infer<typeof conditionSchema>[] {
  return compositeFilter
    ? compositeFilter.filters.flatMap(conditionsOf)
    : [fieldFilter ?? unaryFilter ?? []].flat();
}

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

async function readIndexFile(): Promise<z.infer<typeof indexFile>> {
  const file = await readFile(new URL('firestore.indexes.json', import.meta.url), 'utf8');
  return indexFile.parse(JSON.parse(file));
}

async function listedIndexes(): Promise<string[][]> {
  const { indexes } = await readIndexFile();
  return indexes.map(({ fields }) => fields.map(({ fieldPath, order }) => `${fieldPath} ${order}`));
}

/**
 * Indexes with the right end and some of the equalities before it. Firestore joins several indexes that have
 * the same end.
 */
function serving(need: Need, indexes: string[][]): string[][] {
  return indexes.filter((index) => {
    const end = index.slice(index.length - need.last.length);
    const before = index.slice(0, index.length - need.last.length).map(withoutOrder);
    return (
      end.join() === need.last.join() && before.length > 0 && before.every((name) => need.equal.has(name))
    );
  });
}

/** Firestore answers a query without an order and without a sum from the indexes that every field has. */
function isServed(need: Need, indexes: string[][]): boolean {
  if (need.last.length === 0 || (need.equal.size === 0 && need.last.length === 1)) return true;
  const covered = new Set(serving(need, indexes).flat().map(withoutOrder));
  return [...need.equal].every((name) => covered.has(name));
}

const withoutOrder = (field: string) => field.split(' ')[0] ?? '';
const asText = ({ equal, last }: Need) => `${[...equal].join(', ')} | ${last.join(', ')}`;

describe('composite indexes, which no emulator asks for', () => {
  it('are listed for every query of the job store, and no others are', async () => {
    const needs = (await queriesOfTheStore()).map(needOf);
    expect(needs.length).toBeGreaterThan(20);
    const indexes = await listedIndexes();
    expect(needs.filter((need) => !isServed(need, indexes)).map(asText)).toEqual([]);
    const used = new Set(needs.flatMap((need) => serving(need, indexes)));
    expect(indexes.filter((index) => !used.has(index))).toEqual([]);
  });

  it('leave out the fields whose text may be longer than an index takes', async () => {
    const { fieldOverrides } = await readIndexFile();
    const exempt = fieldOverrides.filter(
      ({ collectionGroup, indexes }) => collectionGroup === 'jobs' && indexes.length === 0,
    );
    expect(exempt.map(({ fieldPath }) => fieldPath)).toEqual(unindexedFields);
  });
});
