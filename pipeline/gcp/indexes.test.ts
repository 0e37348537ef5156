import { describe, expect, it } from 'vitest';
import { readIndexFile } from '../../emulators/firestore-indexes/index-file.ts';
import { checkQueries } from '../../emulators/firestore-indexes/recorded-queries.ts';
import { unindexedFields } from '../limits/jobs.ts';
import { queriesOfJobStore } from '../testing/job-store-queries.ts';

const indexes = new URL('firestore.indexes.json', import.meta.url);

describe('composite indexes, which no emulator asks for', () => {
  it('are listed for every query of the job store, and no others are', async () => {
    const queries = await queriesOfJobStore();
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
