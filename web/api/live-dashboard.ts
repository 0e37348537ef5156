import type { ListedJob } from '@spillway/pipeline/ports/jobs.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { type FleetView, readFleet } from './fleet-view.ts';
import type { JobListener } from './live-jobs.ts';
import {
  type JobNews,
  type JobsLook,
  lookAtJobs,
  mayHaveChanged,
  newsBetween,
  pageFor,
} from './newest-jobs.ts';
import { readOverview } from './overview.ts';
import type { Overview, WorkerView } from './schema.ts';

/** Time between two turns, milliseconds. The others are numbers of turns. */
const turnMs = 1_000;
const everyTurns = {
  /** A look tells whether the newest jobs have to be read. */
  look: 2,
  /** The numbers are read again, even without a change, because the admin must see silent workers. */
  overview: 5,
  /** The newest jobs are read again: a look does not tell of an older one that was deleted. */
  jobs: 30,
} as const;

interface DashboardListener extends JobListener {
  workers(news: { workers: WorkerView[] }): void;
  overview(overview: Overview): void;
}

export interface LiveDashboard {
  follow(listener: DashboardListener): { stop(): void };
  /** Reads everything again in the next turn, after a change that no reading reports. */
  readAgain(): void;
}

/**
 * What admins watch, read once for all of them, and only while one is watching. Jobs are read a page at a time and not
 * followed: each job that passes by would be read some ten times, and no person can follow a hundred a second.
 */
export function createLiveDashboard(ports: Ports): LiveDashboard {
  const listeners = new Set<DashboardListener>();
  let running: Readings | null = null;
  return {
    readAgain: () => running?.readAgain(),
    follow(listener) {
      listeners.add(listener);
      if (running) running.repeatFor(listener);
      else {
        running = startReadings(ports, listeners, () => {
          running = null;
          for (const each of [...listeners]) each.failed();
        });
      }
      return {
        stop() {
          listeners.delete(listener);
          if (listeners.size > 0) return;
          running?.stop();
          running = null;
        },
      };
    },
  };
}

interface Readings {
  readAgain(): void;
  /** Gives a later listener what the others have. */
  repeatFor(listener: DashboardListener): void;
  stop(): void;
}

/** What the readings have brought. */
interface Seen {
  workers: { workers: WorkerView[] } | null;
  overview: Overview | null;
  jobs: ListedJob[] | null;
  look: JobsLook | null;
}

function startReadings(ports: Ports, listeners: Set<DashboardListener>, onFailure: () => void): Readings {
  const seen: Seen = { workers: null, overview: null, jobs: null, look: null };
  /** Turns since each was read. */
  const since = { look: 0, overview: 0, jobs: 0 };
  const due = { workers: true, look: true, overview: true, jobs: true };
  let stopped = false;
  let busy = false;
  /** None once these readings have ended: pages that have come since have readings of their own. */
  const told = () => (stopped ? [] : listeners);

  const watch = ports.fleet.watch(() => {
    due.workers = true;
  }, fail);
  const stopTurns = ports.timers.every(turnMs, () => {
    for (const each of ['look', 'overview', 'jobs'] as const) {
      since[each]++;
      if (since[each] >= everyTurns[each]) due[each] = true;
    }
    void turn();
  });
  void turn();

  async function turn(): Promise<void> {
    if (busy || stopped) return;
    busy = true;
    try {
      await look();
      await readJobs();
      if (!due.workers && !due.overview) return;
      due.workers = false;
      const fleet = await readFleet(ports.fleet);
      tellWorkers(fleet);
      await tellOverview(fleet);
    } catch (error) {
      fail(error);
    } finally {
      busy = false;
    }
  }

  async function look(): Promise<void> {
    if (!due.look) return;
    due.look = false;
    since.look = 0;
    const next = await lookAtJobs(ports.feed);
    if (mayHaveChanged(next, seen.look)) due.jobs = true;
    seen.look = next;
  }

  async function readJobs(): Promise<void> {
    const { jobs: before } = seen;
    if (!due.jobs || !seen.look) return;
    const page = pageFor(seen.look);
    if (before !== null && since.jobs < page.every) return;
    due.jobs = false;
    since.jobs = 0;
    seen.jobs = await ports.feed.newest(page.jobs);
    due.overview = true;
    if (before === null) for (const listener of told()) listener.begin(seen.jobs);
    else tellNews(newsBetween(before, seen.jobs, page));
  }

  function tellNews({ changed, removed }: JobNews): void {
    for (const listener of told()) {
      for (const id of removed) listener.removed(id);
      for (const job of changed) listener.changed(job);
    }
  }

  function tellWorkers({ views }: FleetView): void {
    seen.workers = { workers: views };
    for (const listener of told()) listener.workers(seen.workers);
  }

  async function tellOverview(fleet: FleetView): Promise<void> {
    if (!due.overview || !seen.look || !seen.jobs) return;
    due.overview = false;
    since.overview = 0;
    seen.overview = await readOverview({ fleet, open: seen.look.open, newest: seen.jobs }, ports);
    for (const listener of told()) listener.overview(seen.overview);
  }

  function fail(error: unknown): void {
    if (stopped) return;
    ports.log.warn({ error }, 'The readings for the dashboard ended; its pages are told to come back.');
    stop();
    onFailure();
  }

  function stop(): void {
    stopped = true;
    stopTurns();
    watch.stop();
  }

  return {
    stop,
    readAgain() {
      Object.assign(due, { look: true, overview: true, jobs: true });
    },
    repeatFor(listener) {
      if (seen.jobs) listener.begin(seen.jobs);
      if (seen.workers) listener.workers(seen.workers);
      if (seen.overview) listener.overview(seen.overview);
      // The ages in what was just repeated are as old as the last reading.
      due.workers = true;
    },
  };
}
