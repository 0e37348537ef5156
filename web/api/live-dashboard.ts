import { isTerminal } from '@spillway/core/job.ts';
import type { JobFeed, ListedJob } from '@spillway/pipeline/ports/jobs.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import type { Overview, WorkerView } from './admin-schema.ts';
import { type FleetView, readFleet } from './fleet-view.ts';
import type { JobListener } from './live-jobs.ts';
import { type JobNews, newsBetween, pageOfNewest } from './newest-jobs.ts';
import { readOverview } from './overview.ts';

/** What an admin's page can be told of. */
export const dashboardTopics = ['jobs', 'workers', 'overview'] as const;
export type DashboardTopic = (typeof dashboardTopics)[number];

/** Time between two turns, milliseconds. The others are numbers of turns. */
const turnMs = 1_000;
const everyTurns = {
  /** Whether there is a newer job: one read. */
  look: 2,
  /** The numbers are read again, even without a change: ten reads or so. */
  overview: 10,
  /** The newest jobs are read again where nothing seems to have changed: an older one may have been deleted. */
  jobs: 60,
} as const;

/**
 * Turns between two readings of all heartbeats, by their number, so that a large fleet costs no more than a small one: 167
 * reads a minute where a page shows the workers, and 40 where they are needed for alerts alone.
 */
const turnsOfFleet = {
  shown: { least: 2, each: 0.36 },
  unseen: { least: 10, each: 1.5 },
} as const;

/**
 * Job documents that may be read: so many at once after a quiet time, and so many each turn in the long run. What happens
 * now and then is shown at once, and a hundred jobs a second cost no more than one.
 */
const jobBudget = { most: 2 * pageOfNewest, each: 1.75 } as const;

interface DashboardListener extends JobListener {
  workers(news: { workers: WorkerView[] }): void;
  overview(overview: Overview): void;
}

export interface LiveDashboard {
  /** Tells the listener of these topics only. What nobody listens to is not read. */
  follow(listener: DashboardListener, topics: readonly DashboardTopic[]): { stop(): void };
  /** Reads everything again in the next turn, after a change that no reading reports. */
  readAgain(): void;
}

interface Page {
  listener: DashboardListener;
  topics: ReadonlySet<DashboardTopic>;
}

/**
 * What admins watch, read once for all of them, and only while one is watching. Neither jobs nor heartbeats are followed:
 * each job that passes by would be read some ten times, and 50 VMs beat 1,500 times a minute.
 */
export function createLiveDashboard(ports: Ports): LiveDashboard {
  const pages = new Set<Page>();
  let running: Readings | null = null;
  return {
    readAgain: () => running?.readAgain(),
    follow(listener, topics) {
      const page = { listener, topics: new Set(topics) };
      pages.add(page);
      if (running) running.repeatFor(page);
      else {
        running = startReadings(ports, pages, () => {
          running = null;
          for (const each of [...pages]) each.listener.failed();
        });
      }
      return {
        stop() {
          pages.delete(page);
          if (pages.size > 0) return;
          running?.stop();
          running = null;
        },
      };
    },
  };
}

interface Readings {
  readAgain(): void;
  /** Gives a later page what the others have. */
  repeatFor(page: Page): void;
  stop(): void;
}

/** What the readings have brought. */
interface Seen {
  fleet: FleetView | null;
  overview: Overview | null;
  jobs: ListedJob[] | null;
  /** Position of the newest job; null where there is none. */
  newest: string | null;
}

function startReadings(ports: Ports, pages: Set<Page>, onFailure: () => void): Readings {
  const seen: Seen = { fleet: null, overview: null, jobs: null, newest: null };
  /** Turns since each was read. */
  const since = { look: 0, overview: 0, jobs: 0, fleet: 0 };
  const due = { fleet: true, look: true, overview: true, jobs: true };
  let mayRead: number = jobBudget.most;
  let stopped = false;
  let busy = false;
  const isWanted = (topic: DashboardTopic) => [...pages].some(({ topics }) => topics.has(topic));
  /** None once these readings have ended: pages that have come since have readings of their own. */
  const told = (topic: DashboardTopic) =>
    stopped ? [] : [...pages].filter(({ topics }) => topics.has(topic)).map(({ listener }) => listener);

  const stopTurns = ports.timers.every(turnMs, () => {
    mayRead = Math.min(jobBudget.most, mayRead + jobBudget.each);
    for (const each of ['look', 'overview', 'jobs', 'fleet'] as const) {
      since[each]++;
      if (since[each] >= turnsOf(each)) due[each] = true;
    }
    void turn();
  });
  void turn();

  function turnsOf(what: keyof typeof since): number {
    if (what !== 'fleet') return everyTurns[what];
    const { least, each } = turnsOfFleet[isWanted('workers') ? 'shown' : 'unseen'];
    return Math.max(least, Math.ceil(each * (seen.fleet?.workers.length ?? 0)));
  }

  async function turn(): Promise<void> {
    if (busy || stopped) return;
    busy = true;
    try {
      await readJobs();
      const fleet = await readWorkers();
      await tellOverview(fleet);
    } catch (error) {
      fail(error);
    } finally {
      busy = false;
    }
  }

  async function readJobs(): Promise<void> {
    if (!isWanted('jobs')) return;
    await look();
    const { jobs: before } = seen;
    if (!due.jobs || (before !== null && mayRead < pageOfNewest)) return;
    due.jobs = false;
    since.jobs = 0;
    const jobs = await ports.feed.newest(pageOfNewest);
    mayRead -= Math.max(1, jobs.length);
    seen.jobs = jobs;
    seen.newest = newestOf(jobs);
    if (before === null) for (const listener of told('jobs')) listener.begin(jobs);
    else tellNews(newsBetween(before, jobs, pageOfNewest));
  }

  /** An open job of the page may have changed in itself. */
  async function look(): Promise<void> {
    if (!due.look || seen.jobs === null) return;
    due.look = false;
    since.look = 0;
    const isOpen = seen.jobs.some(({ stored }) => !isTerminal(stored.job.state));
    if (isOpen || newestOf(await ports.feed.newest(1)) !== seen.newest) due.jobs = true;
  }

  function tellNews({ changed, removed }: JobNews): void {
    for (const listener of told('jobs')) {
      for (const id of removed) listener.removed(id);
      for (const job of changed) listener.changed(job);
    }
  }

  async function readWorkers(): Promise<FleetView> {
    if (seen.fleet && !due.fleet) return seen.fleet;
    due.fleet = false;
    since.fleet = 0;
    const fleet = await readFleet(ports.fleet);
    seen.fleet = fleet;
    for (const listener of told('workers')) listener.workers({ workers: fleet.views });
    return fleet;
  }

  async function tellOverview(fleet: FleetView): Promise<void> {
    if (!due.overview || !isWanted('overview')) return;
    due.overview = false;
    since.overview = 0;
    seen.overview = await readOverview(fleet, ports);
    for (const listener of told('overview')) listener.overview(seen.overview);
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
  }

  return {
    stop,
    readAgain() {
      mayRead = Math.max(mayRead, pageOfNewest);
      Object.assign(due, { look: true, overview: true, jobs: true, fleet: true });
    },
    repeatFor({ listener, topics }) {
      if (seen.jobs && topics.has('jobs')) listener.begin(seen.jobs);
      if (seen.overview && topics.has('overview')) listener.overview(seen.overview);
      if (!topics.has('workers')) return;
      if (seen.fleet) listener.workers({ workers: seen.fleet.views });
      // The ages in what was just repeated are as old as the last reading.
      due.fleet = true;
    },
  };
}

function newestOf(jobs: Awaited<ReturnType<JobFeed['newest']>>): string | null {
  return jobs[0]?.position ?? null;
}
