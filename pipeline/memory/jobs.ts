import { isTerminal, type Job, type SideLedger, type Target } from '@spillway/core/job.ts';
import { disorderAround } from '@spillway/core/routing/waiting.ts';
import { replaced } from '@spillway/core/transitions.ts';
import type {
  Backlog,
  JobChange,
  JobDocuments,
  JobFeed,
  JobFilter,
  JobPorts,
  RoutingSums,
  Stored,
} from '../ports/jobs.ts';
import type { Clock } from '../ports/ports.ts';

interface Watcher {
  filter: JobFilter;
  limit: number;
  seen: Set<string>;
  onChanges: (changes: JobChange[]) => void;
}

/** Job documents in this process's memory, with the semantics of Firestore's. */
export function createMemoryJobs(clock: Clock): JobPorts {
  const documents = new Map<string, Stored>();
  /** The order of creation, which Firestore's creation times give to the microsecond. */
  const creations = new Map<string, number>();
  const watchers = new Set<Watcher>();
  let writes = 0;

  function write(job: Job): Stored {
    const stored: Stored = { job: structuredClone(job), version: ++writes, updatedAt: clock.now() };
    documents.set(job.id, stored);
    for (const watcher of watchers) queueMicrotask(() => tell(watcher, [stored]));
    return stored;
  }

  function tell(watcher: Watcher, changed: Stored[], first = false): void {
    if (!watchers.has(watcher)) return;
    const shown = new Set(newest(watcher.filter, watcher.limit).map(({ job }) => job.id));
    const changes: JobChange[] = [];
    for (const stored of changed) {
      const { id } = stored.job;
      if (shown.has(id)) changes.push({ stored, present: true });
      else if (watcher.seen.has(id)) changes.push({ stored, present: false });
    }
    watcher.seen = shown;
    if (first || changes.length > 0) watcher.onChanges(changes);
  }

  function all(condition: (job: Job) => boolean): Stored[] {
    return [...documents.values()].filter(({ job }) => condition(job));
  }

  function newest(filter: JobFilter, limit: number): Stored[] {
    return all((job) => job.deletedAt === null && matches(job, filter))
      .sort((a, b) => position(b.job) - position(a.job))
      .slice(0, limit);
  }

  function position(job: Job): number {
    return creations.get(job.id) ?? Number.POSITIVE_INFINITY;
  }

  const jobs: JobDocuments = {
    async create(job) {
      const existing = documents.get(job.id);
      if (existing) return { kind: 'exists', stored: existing };
      creations.set(job.id, creations.size);
      return { kind: 'created', stored: write({ ...job, createdAt: clock.now() }) };
    },
    async get(id) {
      return documents.get(id) ?? null;
    },
    async replace(stored, next) {
      if (documents.get(next.id)?.version !== stored.version) return null;
      return write(replaced(stored.job, next));
    },
    async ofSource(source) {
      return all(
        (job) =>
          job.source.bucket === source.bucket &&
          job.source.name === source.name &&
          job.source.generation === source.generation,
      );
    },
  };

  const sums: RoutingSums = {
    async ledger({ job: own }, turnAt) {
      const others = (condition: (job: Job) => boolean) =>
        sumOf(all((job) => job.id !== own.id && condition(job)));
      const [from, to] = disorderAround(turnAt);
      const comesBefore = (job: Job) =>
        byTime(job.route.turnAt, from) < 0 ||
        (byTime(job.route.turnAt, to) <= 0 && position(job) < position(own));
      return {
        vm: {
          running: others((job) => job.state === 'processing' && job.route.target === 'vm'),
          ahead: others((job) => waitsFor('vm', job) && comesBefore(job)),
        },
        run: others((job) => isOpenOn('run', job) && position(job) < position(own)),
      };
    },
    async ownerAheadMs({ job: own }) {
      const [, to] = disorderAround(own.deadlineAt);
      const ahead = all(
        (job) =>
          job.owner === own.owner &&
          isOpenOn('vm', job) &&
          job.deadlineAt <= to &&
          position(job) < position(own),
      );
      return sumOf(ahead).workMs;
    },
    async running() {
      const claimed = (target: Target) =>
        sumOf(all((job) => job.state === 'processing' && job.route.target === target));
      return { vm: claimed('vm'), run: claimed('run') };
    },
    async succeededSince(target, since) {
      return all((job) => job.state === 'succeeded' && endedOn(target, since, job)).length;
    },
    async failedSince(target, since, limit) {
      return all(
        (job) => job.state === 'failed' && job.error?.retryable === true && endedOn(target, since, job),
      )
        .map(({ job }) => job)
        .sort((a, b) => byTime(a.endedAt, b.endedAt))
        .slice(0, limit);
    },
    async runDollarsSince(since) {
      const decided = all(({ route }) => route.target === 'run' && route.at >= since);
      return decided.reduce((sum, { job }) => sum + job.route.dollars, 0);
    },
    async batchBefore({ job: own }) {
      return all(
        (job) => job.batch === own.batch && job.operation === own.operation && position(job) < position(own),
      ).length;
    },
  };

  const backlog: Backlog = {
    async line(target, limit) {
      const waiting = all((job) => waitsFor(target, job));
      const sorted =
        target === 'vm'
          ? waiting.sort((a, b) => byTurn(a.job, b.job))
          : waiting
              .filter(({ job }) => job.publishedAt !== null)
              .sort((a, b) => byTime(a.job.publishedAt, b.job.publishedAt));
      return sorted.slice(0, limit);
    },
    async unpublished(before, limit, after = null) {
      const left = all((job) => job.state === 'queued' && job.publishedAt === null && job.createdAt < before);
      return page(left, ({ createdAt }) => createdAt, limit, after);
    },
    async published(before, limit, after = null) {
      const waiting = all(
        (job) => job.state === 'queued' && job.publishedAt !== null && job.publishedAt < before,
      );
      return page(waiting, ({ publishedAt }) => publishedAt, limit, after);
    },
    async abandoned(before, limit, after = null) {
      const expired = all(
        (job) => job.state === 'processing' && job.claim !== null && job.claim.expiresAt < before,
      );
      return page(expired, ({ claim }) => claim?.expiresAt ?? null, limit, after);
    },
    async unannounced(before, limit, after = null) {
      const ended = all(
        (job) =>
          isTerminal(job.state) &&
          job.eventPublishedAt === null &&
          job.endedAt !== null &&
          job.endedAt < before,
      );
      return page(ended, ({ endedAt }) => endedAt, limit, after);
    },
  };

  const feed: JobFeed = {
    async countOpen() {
      const count = (target: Target, state: Job['state']) =>
        all((job) => job.route.target === target && job.state === state).length;
      return {
        vm: { queued: count('vm', 'queued'), processing: count('vm', 'processing') },
        run: { queued: count('run', 'queued'), processing: count('run', 'processing') },
      };
    },
    async find(filter, limit, cursor) {
      const sorted = newest(filter, Number.POSITIVE_INFINITY);
      const start = cursor ? sorted.findIndex(({ job }) => job.id === cursor) + 1 : 0;
      if (cursor && start === 0) return { jobs: [], cursor: null };
      const jobs = sorted.slice(start, start + limit).map(({ job }) => job);
      const last = jobs.at(-1);
      return { jobs, cursor: last && start + limit < sorted.length ? last.id : null };
    },
    watch(filter, limit, onChanges) {
      const watcher: Watcher = { filter, limit, seen: new Set(), onChanges };
      watchers.add(watcher);
      queueMicrotask(() => tell(watcher, newest(filter, limit), true));
      return { stop: () => void watchers.delete(watcher) };
    },
  };

  return { jobs, sums, backlog, feed };
}

function endedOn(target: Target, since: Date, { route, endedAt }: Job): boolean {
  return route.target === target && endedAt !== null && endedAt >= since;
}

function matches(job: Job, filter: JobFilter): boolean {
  return (
    (filter.owner === undefined || job.owner === filter.owner) &&
    (filter.upload === undefined || job.upload === filter.upload) &&
    (filter.batch === undefined || job.batch === filter.batch) &&
    (filter.operation === undefined || job.operation === filter.operation) &&
    (filter.state === undefined || job.state === filter.state) &&
    (filter.target === undefined || job.route.target === filter.target)
  );
}

/** In the order of a time, and of ids where times are equal. */
function page(
  list: Stored[],
  timeOf: (job: Job) => Date | null,
  limit: number,
  after: Stored | null,
): Stored[] {
  const inOrder = (a: Stored, b: Stored) =>
    byTime(timeOf(a.job), timeOf(b.job)) || (a.job.id < b.job.id ? -1 : 1);
  const sorted = list.sort(inOrder);
  const behind = after
    ? sorted.filter((each) => each.job.id !== after.job.id && inOrder(after, each) < 0)
    : sorted;
  return behind.slice(0, limit);
}

function sumOf(stored: Stored[]): SideLedger {
  return { jobs: stored.length, workMs: stored.reduce((sum, { job }) => sum + job.route.workMs, 0) };
}

function waitsFor(target: Target, job: Job): boolean {
  return job.state === 'queued' && job.route.target === target;
}

function isOpenOn(target: Target, job: Job): boolean {
  return !isTerminal(job.state) && job.route.target === target;
}

function byTurn(a: Job, b: Job): number {
  return byTime(a.route.turnAt, b.route.turnAt) || (a.id < b.id ? -1 : 1);
}

function byTime(a: Date | null, b: Date | null): number {
  return (a?.getTime() ?? 0) - (b?.getTime() ?? 0);
}
