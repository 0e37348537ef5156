import { type JobView, jobPageSchema } from '@spillway/web/api/schema.ts';
import { requestJson } from '../http/request.ts';

/** Stretches of time in which a newer job is looked for, one after the other. Milliseconds. */
const stretches = [10_000, 600_000, 86_400_000, 30 * 86_400_000];
const mostPages = 5;
const pageSize = 200;

/** The id of the job that was made just before this one, of all jobs; null where there is none. */
export async function olderJob({ id, createdAt }: JobView): Promise<string | null> {
  // Jobs of the same millisecond are on the page too.
  const to = new Date(createdAt.getTime() + 1).toISOString();
  const reply = await requestJson(`/admin/jobs?limit=20&to=${encodeURIComponent(to)}`, jobPageSchema);
  if (!reply.ok) return null;
  const at = reply.value.jobs.findIndex((job) => job.id === id);
  return reply.value.jobs[at + 1]?.id ?? null;
}

/** The id of the job that was made just after this one. Lists begin with the newest, so it is the last of a short one. */
export async function newerJob({ id, createdAt }: JobView): Promise<string | null> {
  for (const stretch of stretches) {
    const found = await lastBefore(id, createdAt, new Date(createdAt.getTime() + stretch));
    if (found !== null) return found;
  }
  return null;
}

async function lastBefore(id: string, from: Date, to: Date): Promise<string | null> {
  let cursor: string | null = null;
  let last: string | null = null;
  for (let page = 0; page < mostPages; page++) {
    const query = new URLSearchParams({
      limit: String(pageSize),
      from: from.toISOString(),
      to: to.toISOString(),
    });
    if (cursor !== null) query.set('cursor', cursor);
    const reply = await requestJson(`/admin/jobs?${query}`, jobPageSchema);
    if (!reply.ok) return last;
    const at = reply.value.jobs.findIndex((job) => job.id === id);
    const newer = at < 0 ? reply.value.jobs : reply.value.jobs.slice(0, at);
    last = newer.at(-1)?.id ?? last;
    cursor = reply.value.cursor;
    if (at >= 0 || cursor === null) return last;
  }
  return last;
}
