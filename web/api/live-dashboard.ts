import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { readWorkers } from './fleet-view.ts';
import type { Following, JobListener, LiveJobs } from './live-jobs.ts';
import { overviewOf } from './overview.ts';
import type { Overview, WorkerView } from './schema.ts';

/** At most one reading of fleet and counts in this many milliseconds, however much changes. */
const everyMs = 1_000;
/** A fleet that says nothing is read again after so many of these: its silence is what the admin must see. */
const silentTurns = 5;

interface DashboardListener extends JobListener {
  workers(workers: WorkerView[]): void;
  overview(overview: Overview): void;
}

export interface LiveDashboard {
  follow(listener: DashboardListener): { stop(): void };
  /** Reads the workers anew on the next turn: their controls have changed, which no watch tells. */
  workersChanged(): void;
}

/** What admins watch, read once for all of them, and only while one is watching. */
export function createLiveDashboard(ports: Ports, liveJobs: LiveJobs): LiveDashboard {
  const listeners = new Set<DashboardListener>();
  let running: Readings | null = null;
  return {
    workersChanged: () => running?.workersChanged(),
    follow(listener) {
      listeners.add(listener);
      const jobs = liveJobs.follow(null, listener);
      if (running) running.repeatFor(listener);
      else {
        running = startReadings(ports, liveJobs, listeners, () => {
          running = null;
          for (const each of [...listeners]) each.failed();
        });
      }
      return {
        stop() {
          jobs.stop();
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
  workersChanged(): void;
  /** Gives a later listener what the others have. */
  repeatFor(listener: DashboardListener): void;
  stop(): void;
}

function startReadings(
  ports: Ports,
  liveJobs: LiveJobs,
  listeners: Set<DashboardListener>,
  onFailure: () => void,
): Readings {
  let stopped = false;
  let busy = false;
  let workersDue = true;
  let overviewDue = false;
  let turnsSinceWorkers = 0;
  let workers: WorkerView[] | null = null;
  let overview: Overview | null = null;

  const jobsChanged = () => {
    overviewDue = true;
  };
  const jobs: Following = liveJobs.follow(null, {
    begin() {
      overviewDue = true;
      void turn();
    },
    changed: jobsChanged,
    removed: jobsChanged,
    failed: () => fail(new Error('The watch of jobs ended.')),
  });
  const fleet = ports.fleet.watch(() => {
    workersDue = true;
  }, fail);
  const stopTurns = ports.clock.every(everyMs, () => {
    turnsSinceWorkers += 1;
    void turn();
  });
  void turn();

  async function turn(): Promise<void> {
    if (busy || stopped) return;
    busy = true;
    try {
      if (workersDue || turnsSinceWorkers >= silentTurns) await tellWorkers();
      if (overviewDue) await tellOverview();
    } catch (error) {
      fail(error);
    } finally {
      busy = false;
    }
  }

  async function tellWorkers(): Promise<void> {
    workersDue = false;
    turnsSinceWorkers = 0;
    workers = await readWorkers(ports.fleet);
    for (const listener of listeners) listener.workers(workers);
  }

  async function tellOverview(): Promise<void> {
    overviewDue = false;
    const [open, { policy }] = await Promise.all([ports.jobs.countOpen(), ports.settings.routing()]);
    const newest = jobs.jobs().map(({ job }) => job);
    overview = overviewOf(open, newest, policy);
    for (const listener of listeners) listener.overview(overview);
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
    fleet.stop();
    jobs.stop();
  }

  return {
    stop,
    workersChanged() {
      workersDue = true;
    },
    repeatFor(listener) {
      if (workers) listener.workers(workers);
      if (overview) listener.overview(overview);
      // The ages in what was just repeated are as old as the last reading.
      workersDue = true;
    },
  };
}
