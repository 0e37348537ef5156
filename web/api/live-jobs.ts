import type { JobChange, JobPorts, ListedJob, WatchFilter } from '@spillway/pipeline/ports/jobs.ts';
import type { Log } from '@spillway/pipeline/ports/ports.ts';
import { byWrite } from './write-places.ts';

/** How many of the newest jobs one feed follows; what falls out of it is no longer told of. */
export const followedJobs = 300;

export interface JobListener {
  /** Once, at the start: all jobs that are there, newest first. */
  begin(jobs: ListedJob[]): void;
  /** In the order of the changes. */
  changed(job: ListedJob): void;
  /** The job was deleted. */
  removed(id: string): void;
  /** The database's watch ended: nothing more will come. */
  failed(): void;
}

export interface Following {
  stop(): void;
}

export interface LiveJobs {
  follow(owner: string, listener: JobListener): Following;
  /** How many watches of the database are open. */
  readonly watches: number;
}

type JobViews = Pick<JobPorts, 'jobs' | 'feed'>;

/** Passes changes of an owner's jobs on, from one database watch per owner however many listen. */
export function createLiveJobs(ports: JobViews, log: Log): LiveJobs {
  const feeds = new Map<string, Feed>();
  return {
    get watches() {
      return feeds.size;
    },
    follow(owner, listener) {
      let feed = feeds.get(owner);
      if (!feed) {
        feed = openFeed({ owner }, ports, log, () => feeds.delete(owner));
        feeds.set(owner, feed);
      }
      return feed.add(listener);
    },
  };
}

interface Feed {
  add(listener: JobListener): Following;
}

function openFeed(
  filter: WatchFilter,
  { jobs: documents, feed }: JobViews,
  log: Log,
  onEnd: () => void,
): Feed {
  const jobs = new Map<string, ListedJob>();
  const listeners = new Set<JobListener>();
  let begun = false;
  let ended = false;
  const watch = feed.watch(filter, followedJobs, take, fail);

  function take(changes: JobChange[]): void {
    if (ended) return;
    const ordered = changes.toSorted(byWrite);
    for (const change of ordered) {
      const { id } = change.stored.job;
      if (change.present) jobs.set(id, change);
      else jobs.delete(id);
    }
    if (!begun) {
      begun = true;
      for (const listener of listeners) listener.begin(newestFirst());
      return;
    }
    for (const change of ordered) {
      if (!change.present) void tellIfDeleted(change);
      else for (const listener of listeners) listener.changed(change);
    }
  }

  /** A job also leaves the watch when newer ones push it out; then it is still there. */
  async function tellIfDeleted({ stored: { job } }: ListedJob): Promise<void> {
    const { id } = job;
    try {
      const stored = await documents.get(id);
      if (stored && !stored.job.deletedAt) return;
      for (const listener of listeners) listener.removed(id);
    } catch (error) {
      fail(error);
    }
  }

  function fail(error: unknown): void {
    if (ended) return;
    log.warn({ error }, 'A watch of jobs ended; its listeners are told to come back.');
    end();
    for (const listener of [...listeners]) listener.failed();
  }

  function end(): void {
    if (ended) return;
    ended = true;
    onEnd();
    watch.stop();
  }

  function newestFirst(): ListedJob[] {
    const createdAt = ({ stored }: ListedJob) => stored.job.createdAt.getTime();
    return [...jobs.values()].sort((a, b) => createdAt(b) - createdAt(a));
  }

  return {
    add(listener) {
      listeners.add(listener);
      if (begun) listener.begin(newestFirst());
      return {
        stop() {
          listeners.delete(listener);
          if (listeners.size === 0) end();
        },
      };
    },
  };
}
