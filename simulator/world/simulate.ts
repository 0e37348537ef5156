import { isTerminal, type Job, type Target } from '@spillway/core/job.ts';
import { costOfOneJob } from '@spillway/core/job-cost.ts';
import type { JobMessage } from '@spillway/core/messages.ts';
import { vmCostPerHour } from '@spillway/core/prices.ts';
import { decideRoute } from '@spillway/core/routing/policy.ts';
import type { RoutingQuestion } from '@spillway/core/routing/question.ts';
import { initialRouterState, type RouterState } from '@spillway/core/routing/state.ts';
import { begin, launch, type Steps, waitFor } from '@spillway/core/steps.ts';
import type { RouteChoice } from '@spillway/core/transitions.ts';
import type { ChooseRoute } from '@spillway/pipeline/enqueue.ts';
import { createMemoryDatabase } from '@spillway/pipeline/memory/ports.ts';
import type { Blobs } from '@spillway/pipeline/ports/blobs.ts';
import type { FleetReading } from '@spillway/pipeline/ports/fleet.ts';
import type { JobPage, Stored } from '@spillway/pipeline/ports/jobs.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import type { Queue } from '@spillway/pipeline/ports/queue.ts';
import { freeAbandoned, newSweepMemory, sweepUnderLease } from '@spillway/pipeline/sweep.ts';
import { besideTheDatabase } from '../beside-the-database.ts';
import { Bill } from '../bill.ts';
import { drawCrashes, type SimulatedJob } from '../jobs.ts';
import type { Policy } from '../policies/policy.ts';
import { randomStream } from '../random.ts';
import type { JobOutcome, RunResult } from '../run-result.ts';
import type { Scenario } from '../scenario.ts';
import { Engine } from '../virtual-time.ts';
import { CloudRun } from './cloud-run.ts';
import { Distance } from './distance.ts';
import { exactLine } from './exact-line.ts';
import { IdleTime } from './idle-time.ts';
import { LookAhead } from './look-ahead.ts';
import { noPast, type Past } from './past.ts';
import { PoolScaling } from './pool-scaling.ts';
import { type Message, PubSub } from './pub-sub.ts';
import { Routers } from './routers.ts';
import { Storage } from './storage.ts';
import { VmPool } from './vm-pool.ts';
import type { World } from './world.ts';

/** A job that has not ended this long after the last arrival is lost. */
const patienceMs = 24 * 3_600_000;

/** What a run may begin with, and how it is followed. */
export interface Playing {
  /** What forecasters have counted before. */
  past?: Past;
  /** What routers have learned before. */
  learned?: Pick<RouterState, 'learned' | 'delivery' | 'io' | 'coldStart'> | null;
  /** False plays idle hours heartbeat by heartbeat, with the same result. */
  leavesOutIdleTime?: boolean;
  /** Told of each job that ends, with how many have ended. */
  onEnded?: (ended: number) => void;
}

/** Plays the jobs through one policy. The same arguments give the same result. */
export function simulate(
  jobs: readonly SimulatedJob[],
  policy: Policy,
  scenario: Scenario,
  seed: number,
  playing: Playing = {},
): RunResult {
  const { past = noPast, learned = null, leavesOutIdleTime = true } = playing;
  const engine = new Engine();
  const bill = new Bill(scenario.run.shape, policy.settings.prices);
  const pubSub = new PubSub({ engine, scenario, seed, bill, drawnOf, deliver, deliverProbe });
  const storage = new Storage(jobs);
  const database = createMemoryDatabase({ clock: engine, routing: policy.settings });
  if (learned) database.routerStates.replace(initialRouterState, { ...initialRouterState, ...learned });
  if (policy.exactLine) database.backlog = exactLine(database.backlog, engine);
  const ports = simulatedPorts(database, engine, pubSub, storage.blobs, {
    onCreated,
    onEnded: ({ id }) => {
      endedAt.set(id, engine.ms);
      playing.onEnded?.(endedAt.size);
    },
    idleTime: () => idleTime,
    minInstances: () => lookAhead?.minInstances,
  });
  const idleTime = new IdleTime({
    engine,
    database,
    heartbeatMs: policy.heartbeatMs,
    sweepMs: scenario.router.sweepMs,
    hasOpenJobs,
  });
  /** When each job's end was written, in milliseconds. */
  const endedAt = new Map<string, number>();
  let created = 0;
  const vmOfJob = new Map<string, number>();
  const world: World = {
    scenario,
    policy,
    seed,
    engine,
    ports,
    distance: new Distance({ engine, scenario, seed, ports }),
    storage,
    idleTime,
    choose,
    vmOf: (id) => vmOfJob.get(id),
    hasOpenJobs,
    crash: drawCrashes(scenario.faults.crash, seed),
    done: 0,
  };
  const cloudRun = new CloudRun(world, bill);
  const lookAhead = looksAhead(policy) ? new LookAhead(world, past, cloudRun) : null;
  const scaling = policy.poolLoad === null ? null : new PoolScaling(world, policy.poolLoad, past, lookAhead);
  const pool = new VmPool(world, scaling?.size ?? scenario.vms.count);
  scaling?.start(pool);
  lookAhead?.start();
  const routers = new Routers(world);
  const coins = randomStream(seed, 'policy');

  hearInOrder(jobs, engine, routers);
  const sweeper = world.distance.connect('sweeper', engine);
  const sweep = policy.reviews ? sweeps(sweeper.ports) : freeings(sweeper.ports, choose);
  let sweeping = false;
  idleTime.setSweeps(engine.repeat(scenario.router.sweepMs, () => launch(sweepInTurn())));
  engine.run(() => endedAt.size === jobs.length, (jobs.at(-1)?.arrivedAt ?? 0) + patienceMs);

  cloudRun.close();
  const hours = engine.ms / 3_600_000;
  const vmHours = pool.hours();
  const outcomes = documentsOf(ports).map(outcomeOf);
  return {
    policy: policy.name,
    jobs: jobs.length,
    outcomes: outcomes.sort((a, b) => a.index - b.index),
    dollars: {
      run: bill.run,
      runIdle: bill.runIdle,
      vm: vmHours * vmCostPerHour(scenario.vms.shape),
      storage: jobs.length * costOfOneJob + bill.extraMessages,
    },
    duplicates: world.done - outcomes.filter(({ succeeded }) => succeeded).length,
    lost: jobs.length - endedAt.size,
    moves: pubSub.moves,
    coldStarts: cloudRun.coldStarts,
    refusals: cloudRun.refusals,
    hours,
    vmHours,
    events: engine.events,
  };

  /** The work is what routers expect that have learned. A run is too short for them to learn it first. */
  function onCreated(job: Job): void {
    created++;
    pool.subscription.jobCreated();
    const { operation, vmMs: workMs } = drawnFor(job);
    lookAhead?.count({ operation, workMs });
    scaling?.count(workMs);
  }

  function hasOpenJobs(): boolean {
    return created > endedAt.size;
  }

  function* sweepInTurn(): Steps<void> {
    if (leavesOutIdleTime) idleTime.leaveOut();
    if (sweeping) return;
    sweeping = true;
    // What a sweep draws must not depend on how many were left out before.
    sweeper.drawFrom(randomStream(seed, `sweep at ${engine.ms}`));
    yield* sweep();
    sweeping = false;
  }

  function drawnOf(id: string): SimulatedJob {
    const stored = begin(waitFor(ports.jobs.get(id))) as Stored;
    return drawnFor(stored.job);
  }

  function drawnFor({ source }: Job): SimulatedJob {
    return jobs[Number(source.generation)] as SimulatedJob;
  }

  function deliver(target: Target, message: Message): void {
    if (target === 'vm') pool.arrive(message);
    else cloudRun.push(message, message.drawn.coldStartMs);
  }

  function deliverProbe(message: JobMessage, coldStartMs: number): void {
    cloudRun.push(message, coldStartMs);
  }

  function choose(question: RoutingQuestion, job: Job): RouteChoice {
    if (!policy.place) return decideRoute(question);
    const reports = pool.vms.filter((vm) => vm.isHeardOf()).map(({ report }) => report);
    const { choice, vm } = policy.place({ job, question, reports, random: coins });
    if (vm !== undefined) vmOfJob.set(job.id, vm);
    return choice;
  }

  function outcomeOf(job: Job): JobOutcome {
    const drawn = drawnFor(job);
    const at = endedAt.get(job.id) ?? null;
    const succeeded = job.state === 'succeeded';
    return {
      index: drawn.index,
      operation: drawn.operation,
      class: job.class,
      latencyMs: at === null ? null : at - drawn.arrivedAt,
      succeeded,
      inTime: succeeded && at !== null && at <= drawn.arrivedAt + objectiveOf(job),
      target: job.route.target,
      attempts: job.attempt,
    };
  }
}

/** Milliseconds, by the settings. The arrival has fractions of a millisecond, which the document's instants have not. */
function objectiveOf({ deadlineAt, source }: Job): number {
  return deadlineAt.getTime() - source.timeCreated.getTime();
}

/** The sweep of production. */
function sweeps(ports: Ports): () => Steps<unknown> {
  const memory = newSweepMemory();
  return () => sweepUnderLease('sweeper', ports, memory);
}

/** The part of the sweep that any queue with redelivery does as well: it frees what dead workers held. */
function freeings(ports: Ports, choose: ChooseRoute): () => Steps<unknown> {
  const memory = newSweepMemory();
  const { signal } = new AbortController();
  return function* () {
    yield* freeAbandoned(ports, memory, signal, choose);
    yield* waitFor(ports.fleet.removeExpired());
  };
}

function documentsOf({ feed }: Ports): Job[] {
  const page = begin(waitFor(feed.find({}, Number.POSITIVE_INFINITY, null))) as JobPage;
  return page.jobs;
}

function looksAhead({ forecaster, settings }: Policy): boolean {
  return forecaster !== null || settings.forecast.prewarming;
}

/** Routers hear of the uploads one after another, so that what is still to come makes nothing slower. */
function hearInOrder(jobs: readonly SimulatedJob[], engine: Engine, routers: Routers): void {
  const heardAt = ({ arrivedAt, noticeMs }: SimulatedJob) => arrivedAt + noticeMs;
  const inOrder = jobs.toSorted((a, b) => heardAt(a) - heardAt(b));
  const hearFrom = (index: number) => {
    const job = inOrder[index];
    if (!job) return;
    engine.at(heardAt(job), () => {
      hearFrom(index + 1);
      routers.hear(job);
    });
  };
  hearFrom(0);
}

interface Watching {
  onCreated(job: Job): void;
  onEnded(job: Job): void;
  /** Is told of what is written. */
  idleTime(): IdleTime;
  /** Of Cloud Run, where they are looked after. */
  minInstances(): number | undefined;
}

/** The ports of production over a database in memory and virtual time. Its answers are there at once. */
function simulatedPorts(
  database: ReturnType<typeof createMemoryDatabase>,
  engine: Engine,
  queue: Queue,
  blobs: Blobs,
  { onCreated, onEnded, idleTime, minInstances }: Watching,
): Ports {
  const { jobs } = database;
  const routerStates: Ports['routerStates'] = {
    read() {
      const state = database.routerStates.read();
      const kept = minInstances();
      if (kept === undefined) return state;
      // The leader writes down what it has set.
      return { ...(begin(waitFor(state)) as RouterState), minInstances: kept };
    },
    replace(previous, next) {
      idleTime().changed();
      return database.routerStates.replace(previous, next);
    },
  };
  return {
    ...database,
    jobs: {
      ...jobs,
      create(job) {
        const created = jobs.create(job);
        onCreated(job);
        idleTime().jobChanged(job);
        return created;
      },
      replace(before, next) {
        idleTime().jobChanged(next);
        const written = jobs.replace(before, next);
        if (written && isTerminal(next.state) && !isTerminal(before.job.state)) onEnded(next);
        return written;
      },
    },
    routerStates,
    recent: {
      workers: () => (begin(waitFor(database.fleet.read())) as FleetReading).workers,
      routerState: () => routerStates.read(),
    },
    queue,
    blobs,
    ...besideTheDatabase(engine),
  };
}
