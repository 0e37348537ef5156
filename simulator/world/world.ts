import type { OperationName } from '@spillway/core/operations.ts';
import { costOfOneJob, vmCostPerHour } from '@spillway/core/prices.ts';
import type { Conditions } from '@spillway/core/routing/question.ts';
import { initialRouterState, type RouterState } from '@spillway/core/routing/state.ts';
import { moved, published, type RouteChoice } from '@spillway/core/transitions.ts';
import { drawDelay, type SimulatedJob } from '../jobs.ts';
import type { Placement, Policy } from '../policies/policy.ts';
import { randomStream } from '../random.ts';
import type { Delay, Scenario } from '../scenario.ts';
import { Attempts, type Message } from './attempts.ts';
import { Bill } from './bill.ts';
import { CloudRun } from './cloud-run.ts';
import { Documents, type Entry } from './documents.ts';
import { Engine } from './engine.ts';
import { Fleet } from './fleet.ts';
import { Routers } from './routers.ts';
import { sweep } from './sweep.ts';
import { VmPool } from './vm-pool.ts';

/** What has not ended so long after the last arrival is lost. */
const patienceMs = 24 * 3_600_000;

export interface Outcome {
  /** Of the job, by arrival. */
  index: number;
  operation: OperationName;
  /** From arrival to outcome; null of a job that never ended. */
  latencyMs: number | null;
  succeeded: boolean;
  /** Ended well by its deadline. */
  inTime: boolean;
  target: 'vm' | 'run';
  attempts: number;
}

/** One policy's run over one seed's jobs. Dollars are of the whole run. */
export interface RunResult {
  policy: string;
  jobs: number;
  /** Of every job that a router has heard of. */
  outcomes: Outcome[];
  dollars: { run: number; vm: number; storage: number };
  /** Work that was done to the end and did not count, since somebody else did it too. */
  duplicates: number;
  lost: number;
  moves: number;
  coldStarts: number;
  /** Of Cloud Run, with 429. */
  refusals: number;
  /** From the first arrival to the last end. */
  hours: number;
}

/** Plays the jobs through one policy. The same arguments give the same result. */
export function simulate(
  jobs: readonly SimulatedJob[],
  policy: Policy,
  scenario: Scenario,
  seed: number,
): RunResult {
  const engine = new Engine();
  const documents = new Documents();
  const fleet = new Fleet(engine);
  const bill = new Bill(scenario.run.shape, policy.settings.prices);
  const { crash, maxAttempts } = scenario.faults;
  const attempts = new Attempts(
    documents,
    engine,
    { crash, maxAttempts, claimMs: scenario.vms.claimMs },
    seed,
  );
  const coins = randomStream(seed, 'policy');
  const redelivery = randomStream(seed, 'redelivery');
  let state: RouterState = initialRouterState;
  let moves = 0;

  const router = { conditions, move, waitedMs };
  const pool = new VmPool({ scenario, policy, engine, documents, fleet, attempts, router, seed });
  const { heartbeatMs } = policy;
  const cloudRun = new CloudRun({ scenario, engine, fleet, attempts, bill, heartbeatMs });
  const inHand = scenario.router.routers * scenario.router.concurrency;
  const routers = new Routers({ inHand, engine, documents, conditions, place, publish });

  for (const job of jobs) engine.at(job.arrivedAt + job.noticeMs, () => routers.hear(job));
  const sweepParts = {
    policy,
    lineLimit: scenario.router.reviewAtMost,
    engine,
    documents,
    fleet,
    attempts,
    conditions,
    setState: (next: RouterState) => {
      state = next;
    },
    place,
    move,
    publish,
    waitedMs,
  };
  const { sweepMs } = scenario.router;
  engine.after(sweepMs, () => engine.every(sweepMs, () => sweep(sweepParts)));
  engine.run(() => documents.ended === jobs.length, (jobs.at(-1)?.arrivedAt ?? 0) + patienceMs);

  const hours = engine.now / 3_600_000;
  return {
    policy: policy.name,
    jobs: jobs.length,
    outcomes: documents.all.map(outcomeOf).sort((a, b) => a.index - b.index),
    dollars: {
      run: bill.run,
      vm: pool.vms.length * hours * vmCostPerHour(scenario.vms.shape),
      storage: jobs.length * costOfOneJob + bill.extraMessages,
    },
    duplicates: attempts.duplicates,
    lost: jobs.length - documents.ended,
    moves,
    coldStarts: cloudRun.coldStarts,
    refusals: cloudRun.refusals,
    hours,
  };

  function conditions(): Conditions {
    return { now: engine.date, workers: fleet.read(), state, settings: policy.settings };
  }

  function place(entry: Entry): Placement {
    return policy.place({
      entry,
      conditions: conditions(),
      ledger: (turnAt) => documents.ledger(entry, turnAt),
      ownerAheadMs: () => documents.ownerAheadMs(entry),
      reports: () => fleet.reports(policy.settings.vm.liveWithinMs),
      random: coins,
    });
  }

  function move(entry: Entry, choice: RouteChoice): void {
    moves++;
    documents.write(entry, moved(entry.job, choice, engine.date));
    publish(entry, undefined);
  }

  function waitedMs({ job }: Entry): number {
    return job.publishedAt ? engine.date.getTime() - job.publishedAt.getTime() : 0;
  }

  /** Pub/Sub delivers at least once, and sometimes late. */
  function publish(entry: Entry, vm: number | undefined): void {
    const { duplicate, delayed } = scenario.faults;
    const isFirst = entry.job.publishedAt === null && entry.job.route.epoch === 0;
    documents.write(entry, published(entry.job, engine.date));
    if (!isFirst) bill.extraMessage();
    const late = redelivery.uniform() < delayed.probability ? drawDelay(delayed.delay, redelivery) : 0;
    deliver(entry, vm, isFirst, late);
    if (redelivery.uniform() < duplicate) deliver(entry, vm, false, drawDelay(delayed.delay, redelivery));
  }

  /** Of a first message the delays are the job's own, so that they are the same under every policy. */
  function deliver(entry: Entry, vm: number | undefined, isFirst: boolean, late: number): void {
    const { drawn, job } = entry;
    const drawnOr = (own: number, delay: Delay) => (isFirst ? own : drawDelay(delay, redelivery));
    const message: Message = {
      entry,
      epoch: job.route.epoch,
      pullMs: drawnOr(drawn.pullMs, scenario.vms.pull),
      ...(vm === undefined ? {} : { vm }),
    };
    if (job.route.target === 'vm') {
      engine.after(late + drawnOr(drawn.publishMs, scenario.vms.publish), () => pool.arrive(message));
    } else engine.after(late + drawnOr(drawn.pushMs, scenario.run.push), () => cloudRun.push(message));
  }
}

function outcomeOf({ drawn, job, endedAt }: Entry): Outcome {
  const succeeded = job.state === 'succeeded';
  return {
    index: drawn.index,
    operation: drawn.operation,
    latencyMs: endedAt === null ? null : endedAt - drawn.arrivedAt,
    succeeded,
    inTime: succeeded && endedAt !== null && endedAt <= drawn.deadlineAt,
    target: job.route.target,
    attempts: job.attempt,
  };
}
