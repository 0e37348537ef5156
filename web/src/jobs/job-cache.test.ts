import type { JobView } from '@spillway/web/api/schema.ts';
import { expect, it } from 'vitest';
import { createJobCache, type JobUpdate } from './job-cache.ts';
import { sampleJob } from './sample-job.ts';

const changed = (job: Partial<JobView>): JobUpdate => ({ kind: 'job', job: sampleJob(job) });
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, second));

function storeOf(...changes: JobUpdate[]) {
  const store = createJobCache(3);
  store.apply(changes);
  return { store, ids: () => [...store.jobs.value.keys()] };
}

it('does not go back when an older document arrives late', () => {
  const { store } = storeOf(
    changed({ state: 'succeeded', attempt: 1, revision: 3 }),
    changed({ state: 'processing', attempt: 1, revision: 2 }),
  );
  expect(store.jobs.value.get('job-1')?.state).toBe('succeeded');
});

it('follows a job that was moved to the other side', () => {
  const { store } = storeOf(changed({ state: 'processing', attempt: 2, revision: 4 }));
  const { route } = sampleJob();
  store.apply([changed({ attempt: 0, revision: 5, route: { ...route, target: 'run', epoch: 2 } })]);
  expect(store.jobs.value.get('job-1')?.route.target).toBe('run');
  store.apply([changed({ attempt: 2, revision: 4, route })]);
  expect(store.jobs.value.get('job-1')?.route.target).toBe('run');
});

it('shows that a job waits again when its worker gave it back uncounted', () => {
  const { store } = storeOf(changed({ state: 'processing', attempt: 1, revision: 3 }));
  store.apply([changed({ state: 'queued', attempt: 0, revision: 4 })]);
  expect(store.jobs.value.get('job-1')?.state).toBe('queued');
  store.apply([changed({ state: 'processing', attempt: 1, revision: 3 })]);
  expect(store.jobs.value.get('job-1')?.state).toBe('queued');
});

it('keeps what was deleted deleted', () => {
  const { store, ids } = storeOf(changed({}));
  store.apply([{ kind: 'removed', id: 'job-1' }, changed({ state: 'processing' })]);
  expect(ids()).toEqual([]);
  store.apply([changed({ id: 'job-2' }), changed({ id: 'job-2', deletedAt: at(9) })]);
  expect(ids()).toEqual([]);
});

it('drops what is missing among the newest, and leaves what is older than those', () => {
  const { store, ids } = storeOf(
    changed({ id: 'old', createdAt: at(1) }),
    changed({ id: 'gone', createdAt: at(3) }),
    changed({ id: 'kept', createdAt: at(2) }),
  );
  store.apply([{ kind: 'present', ids: ['kept'] }]);
  expect(ids()).toEqual(['old', 'kept']);
  store.apply([{ kind: 'present', ids: ['unheard-of'] }]);
  expect(ids()).toEqual(['old', 'kept']);
  store.apply([{ kind: 'present', ids: [] }]);
  expect(ids()).toEqual([]);
});

it('lets the oldest go beyond its limit', () => {
  const { ids } = storeOf(
    ...[1, 5, 2, 4, 3].map((second) => changed({ id: `${second}`, createdAt: at(second) })),
  );
  expect(ids()).toEqual(['5', '4', '3']);
});
