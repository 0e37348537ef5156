import type { Retention } from '@spillway/web/api/schema.ts';
import { expect, it } from 'vitest';
import { afterDeletionWords, retentionWords } from './retention-words.ts';

const retention: Retention = {
  originals: { kind: 'until_deleted' },
  results: { kind: 'until_deleted' },
  deleted: { kind: 'removed' },
  jobDays: 30,
  tombstoneDays: 400,
  unfinishedDays: 7,
};

it('says how long things are kept, as the buckets are set', () => {
  expect(retentionWords(retention)).toEqual([
    'This page shows a result for 30 days after it was made.',
    'Originals and results stay in storage until you delete them.',
  ]);
  const set: Retention = {
    ...retention,
    originals: { kind: 'days', days: 1 },
    results: { kind: 'days', days: 90 },
  };
  expect(retentionWords(set)[1]).toBe(
    'Originals are deleted a day after they came; results are deleted 90 days after they came.',
  );
});

it('says what stays of what was deleted', () => {
  expect(afterDeletionWords(retention)[0]).toBe('What you delete is gone at once, its files too.');
  const kept: Retention = { ...retention, deleted: { kind: 'kept', forSeconds: 604_800 } };
  expect(afterDeletionWords(kept)[0]).toContain(
    'for 7 days more, in which admins of this site can restore them',
  );
  expect(afterDeletionWords(retention)[1]).toContain('stays for 400 days');
});
