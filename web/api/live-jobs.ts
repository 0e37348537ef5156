import type { JobChange, JobFilter, JobPorts, Stored } from '@spillway/pipeline/ports/jobs.ts';
import type { Log } from '@spillway/pipeline/ports/ports.ts';

/** How many of the newest jobs one feed follows; what falls out of it is no longer told of. */
export const followedJobs = 300;

export interface JobListener {
  /** Once, at the start: all jobs that are there, newest first. */
  begin(jobs: Stored[]): void;
  changed(job: Stored): void;
  /** The job was deleted. */
  removed(id: string): void;
  /** The database's watch ended: nothing more will come. */
  failed(): void;
}

export interface Following {
  stop(): void;
  /** The jobs as they are now, newest first. */
  jobs(): Stored[];
}

export interface LiveJobs {
  /** Follows one owner's jobs, or everybody's (`null`). */
  follow(owner: string | null, listener: JobListener): Following;
  /** How many watches of the database are open. */
  readonly watches: number;
}

type JobViews = Pick<JobPorts, 'jobs' | 'feed'>;

/** Passes changes of jobs on, from one database watch per owner however many listen. */
export function createLiveJobs(ports: JobViews, log: Log): LiveJobs {
  const feeds = new Map<string | null, Feed>();
  return {
    get watches() {
      return feeds.size;
    },
    follow(owner, listener) {
      let feed = feeds.get(owner);
      if (!feed) {
        feed = openFeed(owner === null ? {} : { owner }, ports, log, () => feeds.delete(owner));
        feeds.set(owner, feed);
      }
      return feed.add(listener);
    },
  };
}

interface Feed {
  add(listener: JobListener): Following;
}

function openFeed(filter: JobFilter, { jobs: documents, feed }: JobViews, log: Log, onEnd: () => void): Feed {
  const jobs = new Map<string, Stored>();
  const listeners = new Set<JobListener>();
  let begun = false;
  let ended = false;
  const watch = feed.watch(filter, followedJobs, take, fail);

  function take(changes: JobChange[]): void {
    if (ended) return;
    // In the order of the changes, so that an event's id covers all earlier ones.
    const ordered = changes.toSorted((a, b) => a.stored.updatedAt.getTime() - b.stored.updatedAt.getTime());
    for (const { stored, present } of ordered) {
      if (present) jobs.set(stored.job.id, stored);
      else jobs.delete(stored.job.id);
    }
    if (!begun) {
      begun = true;
      for (const listener of listeners) listener.begin(newestFirst());
      return;
    }
    for (const { stored, present } of ordered) {
      if (!present) void tellIfDeleted(stored);
      else for (const listener of listeners) listener.changed(stored);
    }
  }

  /** A job also leaves the watch when newer ones push it out; then it is still there. */
  async function tellIfDeleted({ job: { id } }: Stored): Promise<void> {
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

  function newestFirst(): Stored[] {
    return [...jobs.values()].sort((a, b) => b.job.createdAt.getTime() - a.job.createdAt.getTime());
  }

  return {
    add(listener) {
      listeners.add(listener);
      if (begun) listener.begin(newestFirst());
      return {
        jobs: newestFirst,
        stop() {
          listeners.delete(listener);
          if (listeners.size === 0) end();
        },
      };
    },
  };
}
