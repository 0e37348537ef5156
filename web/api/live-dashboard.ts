import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { type FleetView, readFleet } from './fleet-view.ts';
import type { Following, JobListener, LiveJobs } from './live-jobs.ts';
import { readOverview } from './overview.ts';
import type { Overview, WorkerView } from './schema.ts';

/** At most one reading of fleet and counts in this many milliseconds, however much changes. */
const everyMs = 1_000;
/**
 * After this many rounds everything is read again, even without a change, because the admin must see silent workers.
 */
const silentTurns = 5;

interface DashboardListener extends JobListener {
  workers(workers: WorkerView[]): void;
  overview(overview: Overview): void;
}

export interface LiveDashboard {
  follow(listener: DashboardListener): { stop(): void };
  /** Reads everything again in the next round, after a change that no watch reports. */
  readAgain(): void;
}

/** What admins watch, read once for all of them, and only while one is watching. */
export function createLiveDashboard(ports: Ports, liveJobs: LiveJobs): LiveDashboard {
  const listeners = new Set<DashboardListener>();
  let running: Readings | null = null;
  return {
    readAgain: () => running?.readAgain(),
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
  readAgain(): void;
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
  let turnsSinceOverview = 0;
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
  const stopTurns = ports.timers.every(everyMs, () => {
    turnsSinceOverview += 1;
    void turn();
  });
  void turn();

  async function turn(): Promise<void> {
    if (turnsSinceOverview >= silentTurns) overviewDue = true;
    if (busy || stopped || !(workersDue || overviewDue)) return;
    busy = true;
    try {
      workersDue = false;
      const fleet = await readFleet(ports.fleet);
      tellWorkers(fleet);
      if (overviewDue) await tellOverview(fleet);
    } catch (error) {
      fail(error);
    } finally {
      busy = false;
    }
  }

  function tellWorkers(fleet: FleetView): void {
    workers = fleet.views;
    for (const listener of listeners) listener.workers(workers);
  }

  async function tellOverview(fleet: FleetView): Promise<void> {
    overviewDue = false;
    turnsSinceOverview = 0;
    const newest = jobs.jobs().map(({ job }) => job);
    overview = await readOverview(fleet, newest, ports);
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
    readAgain() {
      overviewDue = true;
    },
    repeatFor(listener) {
      if (workers) listener.workers(workers);
      if (overview) listener.overview(overview);
      // The ages in what was just repeated are as old as the last reading.
      workersDue = true;
    },
  };
}
