import {
  isDeferred,
  isTerminal,
  type Job,
  type Ledger,
  type SideLedger,
  type Target,
} from '@spillway/core/job.ts';
import { countedSchema } from '@spillway/core/rollups/rollup.ts';
import { endStates } from '@spillway/core/rollups/tally.ts';
import { laneNumber, waitsInLanes } from '@spillway/core/routing/lanes.ts';
import { disorderAround } from '@spillway/core/routing/waiting.ts';
import { replaced } from '@spillway/core/transitions.ts';
import type { Backlog, JobDocuments, JobPorts, RoutingSums, Stored } from '../ports/jobs.ts';
import type { Clock } from '../ports/ports.ts';
import { createMemoryFeed } from './job-feed.ts';
import { type Row, RowIndex } from './row-index.ts';

/**
 * Job documents in this process's memory, with the semantics of Firestore. The store keeps the documents that
 * it is given and copies nothing, so they must not be changed afterwards. Every query of routing has an index,
 * since the simulator makes millions of them.
 */
export function createMemoryJobs(clock: Clock): JobPorts {
  /** In the order of creation. */
  const rows = new Map<string, Row>();
  const indexes = createIndexes();
  const affected = affectedBy(indexes);
  /** Open jobs on the VMs, by their owners. */
  const owners = new Map<string | null, Set<Row>>();
  const batches = new Map<string, Row[]>();
  /** Jobs by their sources, from the first time that somebody asks for them: the simulator never does. */
  let sources: Map<string, Row[]> | null = null;
  const { written, ...feed } = createMemoryFeed(rows);
  let writes = 0;

  function stored(job: Job): Stored {
    const now = clock.now();
    return { job, version: ++writes, updatedAt: now, readAt: now };
  }

  function index(row: Row, before: Job | null): Stored {
    const { job } = row.stored;
    for (const each of affected.always) each.update(row, before);
    for (const each of affected[phaseOf(job)]) each.update(row, before);
    if (before && phaseOf(before) !== phaseOf(job)) {
      for (const each of affected[phaseOf(before)]) each.update(row, before);
    }
    if (isOpenOn('vm', job)) ofOwner(job).add(row);
    else if (before && isOpenOn('vm', before)) ofOwner(before).delete(row);
    written(row.stored);
    return row.stored;
  }

  function ofOwner({ owner }: Pick<Job, 'owner'>): Set<Row> {
    const open = owners.get(owner) ?? new Set();
    owners.set(owner, open);
    return open;
  }

  function read({ stored }: Row): Stored {
    return { ...stored, readAt: clock.now() };
  }

  /** Jobs that are at least that old, in the order of their times. */
  function page(index: RowIndex, ageMs: number, limit: number, after: Stored | null = null): Stored[] {
    return index.below(clock.now().getTime() - ageMs + 1, limit, after?.job).map(read);
  }

  function positionOf({ id }: Job): number {
    return rows.get(id)?.position ?? Number.POSITIVE_INFINITY;
  }

  const jobs: JobDocuments = {
    create(job) {
      const existing = rows.get(job.id);
      if (existing) return { kind: 'exists', stored: read(existing) };
      const row: Row = { stored: stored({ ...job, createdAt: clock.now() }), position: rows.size };
      rows.set(job.id, row);
      if (sources) addSource(row, sources);
      if (job.batch !== null) batches.set(job.batch, [...(batches.get(job.batch) ?? []), row]);
      return { kind: 'created', stored: index(row, null) };
    },
    get(id) {
      const row = rows.get(id);
      return row ? read(row) : null;
    },
    replace(before, next) {
      const row = rows.get(next.id);
      if (!row || row.stored.version !== before.version) return null;
      const { job } = row.stored;
      row.stored = stored(replaced(job, next));
      return index(row, job);
    },
    existing(ids) {
      return new Set(ids.filter((id) => rows.has(id)));
    },
    ofSource(source) {
      if (sources === null) {
        sources = new Map();
        for (const row of rows.values()) addSource(row, sources);
      }
      return (sources.get(sourceKey(source)) ?? []).map(read);
    },
  };

  function ledger({ job: own }: Stored, turnAt: Date): Ledger {
    const position = positionOf(own);
    const [from, to] = disorderAround(turnAt);
    const { waiting, claimed, openOnRun } = indexes;
    const earlier = waiting.vm.countBelow(from.getTime());
    const ahead = waiting.vm.below(to.getTime() + 1, Number.POSITIVE_INFINITY);
    return {
      vm: {
        running: sumOf(claimed.vm.rows, own),
        ahead: sumOf(ahead, own, (row, at) => at < earlier || row.position < position),
      },
      run: sumOf(openOnRun.rows, own, (row) => row.position < position),
    };
  }

  function ownerAheadMs(own: Job): number {
    const position = positionOf(own);
    const [, to] = disorderAround(own.deadlineAt);
    const comesBefore = (row: Row) => row.position < position && row.stored.job.deadlineAt <= to;
    return sumOf(ofOwner(own), own, comesBefore).workMs;
  }

  const sums: RoutingSums = {
    ledger,
    ledgerInTurn(stored, turnAfter) {
      const turnAt = turnAfter(ownerAheadMs(stored.job));
      return { turnAt, ledger: ledger(stored, turnAt) };
    },
    besideLine: () => ({ running: sumOf(indexes.claimed.vm.rows), run: sumOf(indexes.openOnRun.rows) }),
    ownerAhead: ({ job }) => ownerAheadMs(job),
    ownerOpen(owner, deadlineAt) {
      const [, to] = disorderAround(deadlineAt);
      return sumOf(ofOwner({ owner }), null, ({ stored }) => stored.job.deadlineAt <= to).workMs;
    },
    running() {
      const { claimed } = indexes;
      return { vm: sumOf(claimed.vm.rows), run: sumOf(claimed.run.rows) };
    },
    waitingBefore(target, turnAt) {
      const isEarlier = ({ stored }: Row) => (time(stored.job.route.turnAt) ?? Number.NaN) < turnAt.getTime();
      return sumOf(indexes.waiting[target].rows, null, isEarlier);
    },
    arrivedSince(since) {
      const arrived = [...rows.values()].filter(({ stored: { job } }) => job.createdAt >= since);
      const workMs = arrived.reduce((sum, { stored: { job } }) => sum + job.vmWorkMs, 0);
      return { jobs: arrived.length, workMs };
    },
    arrivedOf(operation, from, to) {
      const arrived = [...rows.values()].filter(
        ({ stored: { job } }) => job.operation === operation && job.createdAt >= from && job.createdAt < to,
      );
      const workMs = arrived.reduce((sum, { stored: { job } }) => sum + job.vmWorkMs, 0);
      return { jobs: arrived.length, workMs };
    },
    succeededSince(target, since) {
      return indexes.succeeded[target].countFrom(since.getTime());
    },
    failedSince(target, since, limit) {
      return indexes.failed[target]
        .from(since.getTime())
        .slice(0, limit)
        .map((row) => row.stored.job);
    },
    endedWithin(from, until) {
      const ended = [...rows.values()].filter(({ stored: { job } }) => {
        return job.endedAt !== null && job.endedAt >= from && job.endedAt < until;
      });
      const count = (state: string) => ended.filter(({ stored: { job } }) => job.state === state).length;
      return countedSchema.parse(Object.fromEntries(endStates.map((state) => [state, count(state)])));
    },
    runDollars(after, until) {
      const decided = indexes.decidedForRun.within(after.getTime(), until.getTime());
      return decided.reduce((sum, row) => sum + row.stored.job.route.dollars, 0);
    },
    batchBefore({ job: own }) {
      const position = positionOf(own);
      return (batches.get(own.batch ?? '') ?? []).filter(
        (row) => row.position < position && row.stored.job.operation === own.operation,
      ).length;
    },
  };

  const backlog: Backlog = {
    heads(lanes, limit, from = null) {
      const found: Stored[] = [];
      const { rows } = indexes.takeable;
      const first = from === null ? 0 : indexes.takeable.countBelow(from.getTime());
      for (let at = first; at < rows.length && found.length < limit; at++) {
        const row = rows[at] as Row;
        if (lanes.numbers.includes(laneNumber(row.stored.job.id) % lanes.of)) found.push(read(row));
      }
      return found;
    },
    line: (target, limit, after) =>
      indexes.waiting[target].below(Number.POSITIVE_INFINITY, limit, after?.job).map(read),
    oldestWaiting(target) {
      const { waiting, openOnRun } = indexes;
      const rows = (target === 'vm' ? waiting.vm : openOnRun).rows.filter(({ stored }) =>
        waitsFor(target, stored.job),
      );
      const [oldest] = [...rows].sort((a, b) => a.position - b.position);
      return oldest ? read(oldest) : null;
    },
    deferred: (limit, after) => indexes.deferred.below(Number.POSITIVE_INFINITY, limit, after?.job).map(read),
    unpublished: (ageMs, limit, after) => page(indexes.unpublished, ageMs, limit, after),
    published: (ageMs, limit, after) => page(indexes.published, ageMs, limit, after),
    abandoned: (limit, after) => page(indexes.expiring, 0, limit, after),
    outboxes: (ageMs, limit, after) => page(indexes.outboxes, ageMs, limit, after),
  };

  return { jobs, sums, backlog, feed };
}

function createIndexes() {
  return {
    /** On the VMs by their turns, for Cloud Run by when they were published. */
    waiting: {
      vm: new RowIndex((job) =>
        waitsFor('vm', job) && !isDeferred(job) ? (time(job.route.turnAt) ?? 0) : null,
      ),
      run: new RowIndex((job) => (waitsFor('run', job) ? time(job.publishedAt) : null)),
    },
    /** What VMs may take, by turns. */
    takeable: new RowIndex((job) => (waitsInLanes(job) ? (time(job.route.turnAt) ?? 0) : null)),
    claimed: bothSides((job) => (job.state === 'processing' ? time(job.createdAt) : null)),
    openOnRun: new RowIndex((job) => (isOpenOn('run', job) ? time(job.createdAt) : null)),
    succeeded: bothSides((job) => (job.state === 'succeeded' ? time(job.endedAt) : null)),
    failed: bothSides((job) => (job.state === 'failed' && job.error?.retryable ? time(job.endedAt) : null)),
    decidedForRun: new RowIndex(({ route }) => (route.target === 'run' ? time(route.at) : null)),
    unpublished: new RowIndex((job) =>
      job.state === 'queued' && job.publishedAt === null && !isDeferred(job) ? time(job.createdAt) : null,
    ),
    deferred: new RowIndex((job) => (isDeferred(job) ? time(job.route.decideBy) : null)),
    published: new RowIndex((job) => (job.state === 'queued' ? time(job.publishedAt) : null)),
    expiring: new RowIndex((job) => (job.state === 'processing' ? time(job.claim?.expiresAt) : null)),
    outboxes: new RowIndex(({ outbox }) => time(outbox?.since)),
  };
}

/** Which indexes a job may be in: the others need not be looked at when it is written. */
function affectedBy(indexes: ReturnType<typeof createIndexes>) {
  const { waiting, takeable, claimed, succeeded, failed } = indexes;
  return {
    always: [indexes.openOnRun, indexes.decidedForRun, indexes.outboxes],
    queued: [waiting.vm, takeable, waiting.run, indexes.deferred, indexes.unpublished, indexes.published],
    processing: [claimed.vm, claimed.run, indexes.expiring],
    ended: [succeeded.vm, succeeded.run, failed.vm, failed.run],
  };
}

function addSource(row: Row, sources: Map<string, Row[]>): void {
  const key = sourceKey(row.stored.job.source);
  sources.set(key, [...(sources.get(key) ?? []), row]);
}

/** No bucket's name has a slash, and no generation has a hash. */
function sourceKey({ bucket, name, generation }: Parameters<JobDocuments['ofSource']>[0]): string {
  return `${bucket}/${name}#${generation}`;
}

function phaseOf({ state }: Job): 'queued' | 'processing' | 'ended' {
  return state === 'queued' || state === 'processing' ? state : 'ended';
}

function bothSides(keyOf: (job: Job) => number | null): Record<Target, RowIndex> {
  const on = (target: Target) => new RowIndex((job) => (job.route.target === target ? keyOf(job) : null));
  return { vm: on('vm'), run: on('run') };
}

function time(date: Date | null | undefined): number | null {
  return date?.getTime() ?? null;
}

/** @param own Left out. */
function sumOf(
  rows: Iterable<Row>,
  own: Job | null = null,
  counts: (row: Row, place: number) => boolean = () => true,
): SideLedger {
  const sum = { jobs: 0, workMs: 0 };
  let place = 0;
  for (const row of rows) {
    const { job } = row.stored;
    if (counts(row, place++) && job.id !== own?.id) {
      sum.jobs++;
      sum.workMs += job.route.workMs;
    }
  }
  return sum;
}

function waitsFor(target: Target, job: Job): boolean {
  return job.state === 'queued' && job.route.target === target;
}

function isOpenOn(target: Target, job: Job): boolean {
  return !isTerminal(job.state) && job.route.target === target;
}
