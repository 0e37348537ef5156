import { ranges } from '@spillway/core/rollups/levels.ts';
import { groupParts } from '@spillway/core/rollups/rollup.ts';
import { expect, it } from 'vitest';
import { createMemoryMetricsDocuments } from '../memory/metrics-documents.ts';
import type { MetricsDocuments } from '../ports/rollups.ts';
import { seedRollups } from '../testing/seed-rollups.ts';
import { readLastMinutes } from './current-alerts.ts';
import { readAlertLog } from './log-alerts.ts';
import { readChoices } from './read-choices.ts';
import { readRange, readState } from './read-rollups.ts';

/** Twenty to the hour: the last ten minutes and the last hour are not added up yet. */
const now = new Date('2026-11-27T15:40:30Z');

/** As Firestore bills them: a document that is not there is a read, and so is a query without a result. */
function counted(documents: MetricsDocuments) {
  const count = { reads: 0 };
  const metricsDocuments: MetricsDocuments = {
    ...documents,
    async get(ids) {
      count.reads += ids.length;
      return documents.get(ids);
    },
    async between(first, end, limit) {
      const read = await documents.between(first, end, limit);
      count.reads += Math.max(1, read.length);
      return read;
    },
  };
  return { count, ports: { metricsDocuments, clock: { now: () => now } } };
}

it('reads of any range no more than 200 documents, and these many', async () => {
  const documents = createMemoryMetricsDocuments();
  await seedRollups(documents, {
    ...{ now, days: 31, fineHours: 26, workers: 2, owners: 5, jobsPerHour: 90 },
  });
  const { count, ports } = counted(documents);
  const readsOf = async (read: () => Promise<unknown>) => {
    count.reads = 0;
    await read();
    return count.reads;
  };
  const state = await readState(ports);
  const reads: Record<string, Record<string, number>> = {};
  for (const range of ranges) {
    const all = await readsOf(() => readRange('jobs', range, now, state, ports));
    const groups = await Promise.all(
      groupParts.map((part) => readRange(part, range, now, state, counted(documents).ports)),
    );
    expect(groups.every(({ steps }) => steps.size > 0)).toBe(true);
    const owner = await readsOf(() => readRange('owner', range, now, state, ports));
    const machines = await readsOf(() => readRange('machines', range, now, state, ports));
    reads[range] = { all, owner: all + owner, machines };
  }
  // Beside one read of the state for each answer.
  expect(reads).toEqual({
    '15m': { all: 2, owner: 4, machines: 2 },
    '3h': { all: 18, owner: 36, machines: 18 },
    '24h': { all: 26, owner: 52, machines: 26 },
    '7d': { all: 10, owner: 41, machines: 10 },
    '30d': { all: 33, owner: 156, machines: 33 },
  });
  for (const each of Object.values(reads)) {
    for (const documentsRead of Object.values(each)) expect(documentsRead).toBeLessThan(200);
  }
  expect(await readsOf(() => readChoices(now, ports))).toBe(12);
  expect(await readsOf(() => readLastMinutes(ports))).toBeLessThanOrEqual(3);
  const month = new Date(now.getTime() - 30 * 24 * 3_600_000);
  expect(await readsOf(() => readAlertLog(month, now, ports))).toBeLessThanOrEqual(33);
});

it('keeps every document below what Firestore takes, also with thousands of owners', async () => {
  const documents = createMemoryMetricsDocuments();
  await seedRollups(documents, {
    now,
    days: 1,
    fineHours: 8,
    workers: 200,
    owners: 5_000,
    jobsPerHour: 50_000,
  });
  const all = await documents.between('', '~', 10_000);
  expect(all.length).toBeGreaterThan(100);
  for (const { document } of all)
    expect(Buffer.byteLength(document.content), document.id).toBeLessThan(2 ** 20);
});
