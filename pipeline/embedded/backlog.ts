import type { Job } from '@spillway/core/job.ts';
import type { Backlog, Stored } from '../ports/jobs.ts';
import { type JobTable, readColumns } from './job-table.ts';

/** Lists of open jobs in SQLite, each by an index that has nothing else. */
export function createBacklog({ database, list }: JobTable): Backlog {
  const lines = {
    vm: query(
      'jobs_line',
      `state = 'queued' AND target = 'vm' AND turn_at IS NOT NULL AND (turn_at, id) > (?, ?)`,
      'turn_at, id',
    ),
    run: query(
      'jobs_run_line',
      `state = 'queued' AND target = 'run' AND published_at IS NOT NULL AND (published_at, id) > (?, ?)`,
      'published_at, id',
    ),
  };
  const heads = query(
    'jobs_lanes',
    'lane IS NOT NULL AND turn_at >= ? AND lane % ? IN (SELECT value FROM json_each(?))',
    'turn_at, id',
  );
  const oldest = query('jobs_waiting', `state = 'queued' AND target = ?`, 'seq');
  const deferred = query(
    'jobs_deferred',
    'decide_by IS NOT NULL AND (decide_by, id) > (?, ?)',
    'decide_by, id',
  );
  const neverPublished = `state = 'queued' AND published_at IS NULL AND decide_by IS NULL`;
  const unpublished = older('jobs_left_behind', neverPublished, 'created_at');
  const published = older('jobs_published', `state = 'queued' AND published_at IS NOT NULL`, 'published_at');
  const abandoned = older('jobs_claimed', `state = 'processing'`, 'claim_ends_at');
  const outboxes = older('jobs_outbox', 'outbox_since IS NOT NULL', 'outbox_since');

  return {
    line: (target, limit, after = null) =>
      database.read('list a line', () => {
        const place = target === 'vm' ? after?.job.route.turnAt : after?.job.publishedAt;
        const from = place?.getTime() ?? Number.MIN_SAFE_INTEGER;
        return list(lines[target], [from, after?.job.id ?? ''], limit);
      }),
    heads({ of, numbers }, limit, from = null) {
      const first = from?.getTime() ?? Number.MIN_SAFE_INTEGER;
      return database.read('list lanes', () => list(heads, [first, of, JSON.stringify(numbers)], limit));
    },
    oldestWaiting(target) {
      return database.read('find the oldest job', () => list(oldest, [target], 1)[0] ?? null);
    },
    deferred: (limit, after = null) =>
      database.read('list deferred jobs', () => {
        const from = after?.job.route.decideBy?.getTime() ?? Number.MIN_SAFE_INTEGER;
        return list(deferred, [from, after?.job.id ?? ''], limit);
      }),
    unpublished: (ageMs, limit, after = null) =>
      page(unpublished, ageMs, limit, after, ({ createdAt }) => createdAt),
    published: (ageMs, limit, after = null) =>
      page(published, ageMs, limit, after, ({ publishedAt }) => publishedAt),
    abandoned: (limit, after = null) => page(abandoned, 0, limit, after, ({ claim }) => claim?.expiresAt),
    outboxes: (ageMs, limit, after = null) =>
      page(outboxes, ageMs, limit, after, ({ outbox }) => outbox?.since),
  };

  /** Without the name of the index SQLite may choose another, and sort all that waits. */
  function query(index: string, where: string, order: string) {
    return database.prepare(
      `SELECT ${readColumns} FROM jobs INDEXED BY ${index} WHERE ${where} ORDER BY ${order}`,
    );
  }

  function older(index: string, where: string, time: string) {
    return query(index, `${where} AND ${time} <= ? AND (${time}, id) > (?, ?)`, `${time}, id`);
  }

  /** Jobs that are at least that old, in the order of their times. */
  function page(
    statement: ReturnType<typeof query>,
    ageMs: number,
    limit: number,
    after: Stored | null,
    timeOf: (job: Job) => Date | null | undefined,
  ): Promise<Stored[]> {
    return database.read('list jobs', () => {
      const before = database.clock.now().getTime() - ageMs;
      const from = after ? (timeOf(after.job)?.getTime() ?? 0) : Number.MIN_SAFE_INTEGER;
      return list(statement, [before, from, after?.job.id ?? ''], limit);
    });
  }
}
