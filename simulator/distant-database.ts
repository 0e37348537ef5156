import type { Job } from '@spillway/core/job.ts';
import { type Awaitable, begin, type Steps, waitFor } from '@spillway/core/steps.ts';
import { silentLog } from '@spillway/pipeline/memory/ports.ts';
import type { Stored } from '@spillway/pipeline/ports/jobs.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { recentReadings } from '@spillway/pipeline/recent-readings.ts';
import { type Line, roundTrip } from './round-trip.ts';
import type { Delay } from './scenario.ts';

/** How long a call takes until its answer is back. */
export interface DatabaseLatency {
  /** A list, a sum or a count. */
  query: Delay;
  /** One document by its name. */
  get: Delay;
  /** A write, with or without a precondition. */
  write: Delay;
}

/** What calls asked of the database. */
export class DatabaseOperations {
  queries = 0;
  gets = 0;
  /** Sums and counts over jobs: calls, each of which may be several aggregations. */
  aggregations = 0;
  /** Documents as Firestore bills them: one for a get, and at least one for a query. Aggregations are not in it. */
  documents = 0;
  /** All that were tried, refused ones too. */
  writes = 0;
  /** Writes that found the document changed. */
  refused = 0;
}

/** One program's way to the database. */
export interface DatabaseConnection extends Line {
  latency: DatabaseLatency;
  operations: DatabaseOperations;
}

/** The ports that go through a connection. */
type Database = Pick<
  Ports,
  | 'jobs'
  | 'sums'
  | 'backlog'
  | 'fleet'
  | 'fleetSummaries'
  | 'routerStates'
  | 'forecasts'
  | 'leases'
  | 'passedOver'
  | 'settings'
>;

/**
 * The same database, as a program sees it that is some milliseconds of virtual time away. A call reaches the database
 * half-way: a query shows what is there at that moment, and a write's precondition is judged then. A write that is refused
 * has taken as long as any other. What is written arrives even where the writer has died on the way.
 *
 * Settings are as near as before, because programs keep them for seconds; so is `feed`, which people read.
 */
export function distantDatabase<Given extends Database>(
  ports: Given,
  connection: DatabaseConnection,
): Given & Pick<Ports, 'recent'> {
  const { latency, operations, engine: clock } = connection;
  const { jobs, sums, backlog, fleet, leases, passedOver, settings } = ports;

  function get<Answer>(read: () => Answer): Answer {
    operations.gets++;
    operations.documents++;
    return roundTrip(latency.get, read, connection);
  }

  function list<Found>(
    ask: () => Awaitable<Found>,
    count: (found: Awaited<Found>) => number,
  ): Awaitable<Found> {
    operations.queries++;
    return roundTrip(latency.query, ask, connection, (found) => {
      operations.documents += Math.max(1, count(found as Awaited<Found>));
    });
  }

  function aggregate<Answer>(ask: () => Answer): Answer {
    operations.aggregations++;
    return roundTrip(latency.query, ask, connection);
  }

  function write<Answer>(change: () => Answer): Answer {
    operations.writes++;
    return roundTrip(latency.write, change, connection, (answer) => {
      if (answer === null || answer === false) operations.refused++;
    });
  }

  const distantFleet: Ports['fleet'] = {
    read: () =>
      list(
        () => fleet.read(),
        ({ workers }) => workers.length,
      ),
    beat: (heartbeat) => write(() => fleet.beat(heartbeat)),
    removeExpired: () =>
      list(
        () => fleet.removeExpired(),
        () => 1,
      ),
    control: (worker) => get(() => fleet.control(worker)),
    controls: () =>
      list(
        () => fleet.controls(),
        ({ size }) => size,
      ),
    changeControl: (worker, change) => write(() => fleet.changeControl(worker, change)),
    watch: (onChange, onError) => fleet.watch(onChange, onError),
  };
  const fleetSummaries = revised(ports.fleetSummaries);
  const routerStates = revised(ports.routerStates);

  return {
    ...ports,
    jobs: {
      create: (job) => write(() => jobs.create(job)),
      get: (id) => get(() => jobs.get(id)),
      replace: (stored, next) => begin(replaceOrLookUp(stored, next)),
      existing: (ids) =>
        list(
          () => jobs.existing(ids),
          () => ids.length,
        ),
      ofSource: (source) => list(() => jobs.ofSource(source), length),
    },
    sums: {
      ledger: (stored, turnAt) => aggregate(() => sums.ledger(stored, turnAt)),
      ledgerInTurn: (stored, turnAfter) => aggregate(() => sums.ledgerInTurn(stored, turnAfter)),
      besideLine: () => aggregate(() => sums.besideLine()),
      ownerAhead: (stored) => aggregate(() => sums.ownerAhead(stored)),
      running: () => aggregate(() => sums.running()),
      waitingBefore: (target, turnAt) => aggregate(() => sums.waitingBefore(target, turnAt)),
      arrivedSince: (since) => aggregate(() => sums.arrivedSince(since)),
      arrivedOf: (operation, from, to) => aggregate(() => sums.arrivedOf(operation, from, to)),
      endedWithin: (from, until) => aggregate(() => sums.endedWithin(from, until)),
      succeededSince: (target, since) => aggregate(() => sums.succeededSince(target, since)),
      failedSince: (target, since, limit) => list(() => sums.failedSince(target, since, limit), length),
      runDollars: (after, until) => aggregate(() => sums.runDollars(after, until)),
      batchBefore: (stored) => aggregate(() => sums.batchBefore(stored)),
    },
    backlog: {
      heads: (lanes, limit, from) => list(() => backlog.heads(lanes, limit, from), length),
      line: (target, limit, after) => list(() => backlog.line(target, limit, after), length),
      oldestWaiting: (target) =>
        list<Stored | null>(
          () => backlog.oldestWaiting(target),
          () => 1,
        ),
      deferred: (limit, after) => list(() => backlog.deferred(limit, after), length),
      unpublished: (ageMs, limit, after) => list(() => backlog.unpublished(ageMs, limit, after), length),
      published: (ageMs, limit, after) => list(() => backlog.published(ageMs, limit, after), length),
      abandoned: (limit, after) => list(() => backlog.abandoned(limit, after), length),
      outboxes: (ageMs, limit, after) => list(() => backlog.outboxes(ageMs, limit, after), length),
    },
    fleet: distantFleet,
    fleetSummaries,
    routerStates,
    // Every program reads and keeps its own.
    recent: recentReadings({
      fleet: distantFleet,
      fleetSummaries,
      routerStates,
      settings,
      clock,
      log: silentLog,
    }),
    forecasts: revised(ports.forecasts),
    leases: {
      acquire: (name, holder, ttlMs) => write(() => leases.acquire(name, holder, ttlMs)),
      endOf: (name) => get(() => leases.endOf(name)),
    },
    passedOver: {
      note: (note) => write(() => passedOver.note(note)),
      recent: (limit) => list(() => passedOver.recent(limit), length),
      removeExpired: () =>
        list(
          () => passedOver.removeExpired(),
          () => 1,
        ),
    },
  };

  /** As the adapter of Firestore does, which looks whether a refused write was its own that was repeated. */
  function* replaceOrLookUp(stored: Stored, next: Job): Steps<Stored | null> {
    const written = yield* waitFor(write(() => jobs.replace(stored, next)));
    if (written === null) yield* waitFor(get(() => jobs.get(next.id)));
    return written;
  }

  function revised<Document extends Ports['routerStates'] | Ports['fleetSummaries'] | Ports['forecasts']>(
    document: Document,
  ): Document {
    return {
      ...document,
      read: () => get(() => document.read()),
      replace: (previous: never, next: never) => write(() => document.replace(previous, next)),
    };
  }
}

function length({ length }: { length: number }): number {
  return length;
}
