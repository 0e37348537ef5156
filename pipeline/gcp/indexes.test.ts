import { PermanentError } from '@spillway/core/errors.ts';
import type { Job } from '@spillway/core/job.ts';
import { tombstone } from '@spillway/core/transitions.ts';
import { describe, expect, it } from 'vitest';
import { indexEntries } from '../../emulators/firestore-indexes/index-entries.ts';
import { indexesOf, readIndexFile } from '../../emulators/firestore-indexes/index-file.ts';
import { checkQueries } from '../../emulators/firestore-indexes/recorded-queries.ts';
import { cancelJob } from '../cancel.ts';
import { handleMessage } from '../handle-message.ts';
import { unindexedFields } from '../limits/jobs.ts';
import { queriesOfAdapters } from '../testing/firestore-queries.ts';
import { workbench } from '../testing/workbench.ts';
import { collectionNames } from './collections.ts';

const file = await readIndexFile(new URL('firestore.indexes.json', import.meta.url));

describe('indexes, which no emulator asks for', () => {
  it('are listed for every query of the adapters, and no others are', async () => {
    const queries = await queriesOfAdapters();
    expect(queries.length).toBeGreaterThan(80);
    const { refused, unused } = checkQueries(queries, file);
    expect({ refused, unused }).toEqual({ refused: [], unused: [] });
  });

  it('are none of a field by itself that is not listed', () => {
    for (const collection of Object.values(collectionNames)) {
      const automatic = indexesOf({ ...file, indexes: [] }, collection, ['anything', 'and.more']);
      expect(automatic, collection).toEqual([]);
    }
  });

  it('are refused to a query on one field whose own index is missing', async () => {
    const overrides = file.fieldOverrides.filter(({ fieldPath }) => fieldPath !== 'outbox.since');
    const { refused } = checkQueries(await queriesOfAdapters(), { ...file, fieldOverrides: overrides });
    expect(refused).toEqual([expect.stringContaining('It needs jobs(outbox.since ASCENDING)')]);
  });

  it('leave out the fields whose text may be longer than an index takes', () => {
    const indexed = indexesOf(file, collectionNames.jobs, unindexedFields).flatMap(({ fields }) => fields);
    expect(indexed.filter(({ path }) => unindexedFields.some((field) => path.startsWith(field)))).toEqual([]);
  });
});

/** Documents as runs of the production code leave them. */
async function endedJobs(): Promise<Record<string, Job>> {
  const bench = await workbench();
  const all = { batch: 'b', 'batch-size': '3', upload: 'u', pixels: '1000000' };
  const [succeeded] = await bench.dropOnSite('ann/u/1.jpg', { operation: 'sketch', ...all });
  await handleMessage(bench.take('vm'), bench.executor());
  const [failed] = await bench.drop('sketch/bad.jpg', all);
  const refuse = () => Promise.reject(new PermanentError('corrupt_image'));
  await handleMessage(bench.take('vm'), bench.executor('vm-1', refuse));
  const [refused] = await bench.drop('unknown/1.jpg', all);
  const [cancelled] = await bench.drop('sketch/not-wanted.jpg', all);
  await cancelJob(cancelled?.id ?? '', bench.ports);
  const ended = {
    succeeded: await bench.job(succeeded?.id),
    failed: await bench.job(failed?.id),
    refused: await bench.job(refused?.id),
    cancelled: await bench.job(cancelled?.id),
  };
  return { ...ended, deleted: tombstone(ended.succeeded, bench.clock.now()) };
}

describe('the entries of indexes that a job has once it has ended', () => {
  it('are few: they are written with it, and stored as long as it', async () => {
    const jobs = await endedJobs();
    expect(Object.values(jobs).map(({ state }) => state)).toEqual([
      'succeeded',
      'failed',
      'failed',
      'cancelled',
      'succeeded',
    ]);
    for (const [name, job] of Object.entries(jobs)) {
      const { composite, single } = indexEntries(job, file, collectionNames.jobs);
      expect(composite + single, name).toBeLessThanOrEqual(most);
    }
  });
});

/** Today they are 33 at most. With the indexes that Firestore makes by itself they would be some 200. */
const most = 40;
