import type { ListedJob, Stored } from '@spillway/pipeline/ports/jobs.ts';
import type { EventStream } from './event-stream.ts';
import { viewOf } from './job-access.ts';
import type { JobListener } from './live-jobs.ts';
import type { JobView } from './schema.ts';
import { byWrite, eventIdOf, isAfter, placeOf, type WritePlace } from './write-places.ts';

const views = new WeakMap<Stored, JobView>();

/** One view for all streams that tell of this version of the job. */
function sharedView(stored: Stored): JobView {
  const view = views.get(stored) ?? viewOf(stored.job);
  views.set(stored, view);
  return view;
}

/**
 * Sends what a feed of jobs tells as events, without what the browser has seen before. Each event's id is the place of
 * its change, and these only go up: a browser that comes back with the last of them is told of every later change, once.
 * @param since Where the browser stopped listening; null for one that has seen nothing.
 */
export function jobEvents(stream: EventStream, since: WritePlace | null): JobListener {
  let last = since;
  let listed = new Set<string>();

  function send(job: ListedJob): void {
    const place = placeOf(job);
    // An older job that is listed again, because a newer one was deleted, does not take the browser back.
    const isLatest = last === null || isAfter(place, last);
    if (isLatest) last = place;
    const { id } = place;
    const event = { key: id, event: 'job', data: sharedView(job.stored) };
    stream.send(isLatest ? { ...event, id: eventIdOf(place) } : event);
  }

  /** True for what another instance has told the browser already, if the feed of this one is behind. */
  const isSeen = (job: ListedJob) => since !== null && !isAfter(placeOf(job), since);

  return {
    begin(jobs) {
      listed = new Set(jobs.map(({ stored }) => stored.job.id));
      for (const job of jobs.filter((each) => !isSeen(each)).sort(byWrite)) send(job);
      stream.send({ key: '', event: 'present', data: { ids: [...listed] } });
    },
    changed(job) {
      // The browser has dropped a job that was not listed, and needs it again.
      if (!isSeen(job) || !listed.has(job.stored.job.id)) send(job);
    },
    removed: (id) => stream.send({ key: id, event: 'removed', data: { id } }),
    failed: () => stream.close(),
  };
}
