import { OutageError, RetryableError } from '@spillway/core/errors.ts';
import { isTerminal, type Job, type Target } from '@spillway/core/job.ts';
import type { RunBreaker } from '@spillway/core/routing/breakers.ts';
import { steadyService, steadyStats } from '@spillway/core/testing/learned-service.ts';
import { sampleWorker } from '@spillway/core/testing/sample-worker.ts';
import { seededRandom } from '@spillway/core/testing/seeded-random.ts';
import type { Executor, Operate } from '../executor.ts';
import { handleMessage, handleNextInLine } from '../handle-message.ts';
import type { MemoryPorts } from '../memory/ports.ts';
import type { Outcome } from '../outcome.ts';
import { createRecentArrivals } from '../recent-arrivals.ts';
import { routeUpload } from '../route.ts';
import { sweepOnce } from '../sweep.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';
import { onMachine } from './on-machine.ts';
import { copyingWithThumbnails, workbench } from './workbench.ts';
import { memoryEngine, type WorldDelivery, type WorldEngine } from './world-engine.ts';

/** Shares of calls, attempts or messages that go wrong. */
export interface Faults {
  refused: number;
  replyLost: number;
  crash: number;
  workerDies: number;
  redelivered: number;
  /** A worker is held up for longer than its claim lives; its renewals come through or not. */
  stalls: number;
}

/** Milliseconds by which the machines' clocks are ahead of the database's: each worker, the router, and the sweeper. */
export type ClockErrors = (machine: string) => number;

export interface World {
  seed: number;
  clocks?: ClockErrors;
  faults: Faults;
  uploads: number;
  /** Uploads a round. */
  arrivals?: number;
  /** The round, of a second, in which one of the three VMs dies for good, with what it is working on. */
  vmDiesAt: number;
  /** Rounds in which Cloud Run takes nothing: its messages stay where they are. */
  runRefuses: { from: number; to: number };
  /** Default: in memory. */
  engine?: (clock: ManualClock) => Promise<WorldEngine>;
  /** Told of every document that replaces another. */
  onReplaced?: (before: Job, after: Job) => void;
}

export interface Played {
  jobs: Job[];
  ports: MemoryPorts;
  /** How often the work on each job was done to its end, whether it counted or not. */
  done: Map<string, number>;
  /** How often each job was ended well. */
  succeeded: Map<string, number>;
  breakerStates: Set<RunBreaker['state']>;
  /** What is left in the queues, and was handled once more when all had ended. */
  leftovers: Outcome[];
}

const slots = 2;
const instances = ['run-1', 'run-2', 'run-3', 'run-4'];
/** It knows that it is slow, and hands over what Cloud Run would do sooner. */
const slowVm = 'vm-3';
const slowness = 12;

/**
 * Plays uploads through a world in which every service fails now and then, before or after doing what it was asked,
 * children crash, workers die or stall, and messages come twice and in any order. VM workers take turns; Cloud Run
 * takes what it is pushed. Seeded; only the order in which files are written is the machine's.
 */
export async function play({
  seed,
  faults,
  uploads,
  arrivals = 8,
  vmDiesAt,
  runRefuses,
  clocks = () => 0,
  engine = memoryEngine,
  onReplaced,
}: World): Promise<Played> {
  const random = seededRandom(seed);
  const happens = (share: number) => random() < share;
  const clock = manualClock();
  const { ports: steady, ...messages } = await engine(clock);
  /** Jobs as they were written last, and who has which claim: to read them all again and again would take the most time. */
  const written = new Map<string, Job>();
  const claimed = new Map<string, string>();
  watchReplacements(steady.jobs, (before, after) => {
    written.set(after.id, after);
    if (after.claim) claimed.set(after.claim.token, after.id);
    onReplaced?.(before, after);
  });
  const shaky = shakyPorts(steady, faults, random);
  const machines = new Map<string, MemoryPorts>();
  const { executor } = await workbench();
  const done = new Map<string, number>();
  const succeeded = new Map<string, number>();
  const breakerStates = new Set<RunBreaker['state']>();
  const events = Array.from({ length: uploads }, (_, index) => {
    const operation = index % 4 === 0 ? 'caption' : 'sketch';
    const batch = index % 3 === 0 ? 'holidays' : `visit-${index}`;
    const metadata = { operation, batch, ...(index % 5 === 0 ? { 'batch-size': '100' } : {}) };
    const name = `owner-${index % 5}/${index}.jpg`;
    return steady.blobs.upload(steady.buckets.webUploads, name, Buffer.from('x'), metadata);
  });
  const recent = createRecentArrivals();
  let round = 0;

  for (; round < 600; round++) {
    // An instance beats only while it works.
    for (const id of [...liveVms(), ...(refuses() ? [] : instances)]) await beat(id);
    await route();
    await Promise.all([...liveVms(), 'vm-2'].filter(distinct).map(workOnVm));
    if (!refuses()) await workOnRun();
    clock.advance(1_000);
    await sweepOnce('sweeper', portsOf('sweeper')).catch(expectOutage);
    breakerStates.add((await steady.routerStates.read()).breaker.state);
    if (events.length === 0 && allEnded()) break;
  }
  return {
    jobs: await allJobs(),
    ports: steady,
    done,
    succeeded,
    breakerStates,
    leftovers: await handleRest(),
  };

  function refuses(): boolean {
    return round >= runRefuses.from && round <= runRefuses.to;
  }

  function liveVms(): string[] {
    return round < vmDiesAt ? ['vm-1', 'vm-2', slowVm] : ['vm-1', slowVm];
  }

  async function beat(id: string): Promise<void> {
    const { ageMs: _, ...heartbeat } = sampleWorker({ id, slots });
    const perOperation = id === slowVm ? { sketch: steadyStats(slowness) } : {};
    await steady.fleet.beat({ ...heartbeat, kind: targetOf(id), perOperation });
  }

  /** Eventarc: an event is brought again until the function has taken it, and sometimes once more. */
  async function route(): Promise<void> {
    for (const event of events.splice(0, arrivals)) {
      const taken = await routeUpload(event, null, portsOf('router'), { arrivals: recent }).then(
        () => true,
        expectOutage,
      );
      if (!taken || happens(faults.redelivered)) events.push(event);
    }
  }

  /** Pub/Sub gives each slot some message; the slot goes on with what waits. A dead VM gives its messages back. */
  async function workOnVm(id: string): Promise<void> {
    if (id === 'vm-2' && round > vmDiesAt) return;
    const dies = id === 'vm-2' && round === vmDiesAt;
    const taken = await messages.take('vm', slots, random);
    await Promise.all(
      taken.map(async (delivery) => {
        await serve(id, delivery, dies);
        if (!dies && happens(0.5)) note(await handleNextInLine(workerOf(id, portsOf(id))));
      }),
    );
  }

  async function workOnRun(): Promise<void> {
    const taken = await messages.take('run', instances.length, random);
    await Promise.all(taken.map((delivery, index) => serve(instances[index] ?? 'run', delivery)));
  }

  async function serve(worker: string, delivery: WorldDelivery, surelyDies = false): Promise<void> {
    const twice = happens(faults.redelivered) ? 2 : 1;
    const handled = Array.from({ length: twice }, async () => {
      const dies = surelyDies || happens(faults.workerDies);
      const outcome = await handleMessage(
        delivery.message,
        workerOf(worker, dies ? dyingPorts(portsOf(worker)) : portsOf(worker)),
      );
      note(outcome);
      // A worker that dies does not acknowledge, nor does one that gives back.
      if (dies) delivery.isLost();
      else if (!outcome.ack || happens(faults.redelivered)) delivery.comesAgain();
    });
    await Promise.all(handled);
    await delivery.settle();
  }

  /** What a machine sees, with its own clock. */
  function portsOf(machine: string): MemoryPorts {
    const ports = machines.get(machine) ?? onMachine(shaky, clocks(machine));
    machines.set(machine, ports);
    return ports;
  }

  function workerOf(worker: string, ports: MemoryPorts): Executor {
    const learned = worker === slowVm ? { sketch: steadyService(slowness) } : {};
    return { ...executor(worker, unstable), ports, learned: () => learned };
  }

  async function unstable(request: Parameters<Operate>[0]) {
    if (happens(faults.stalls)) clock.advance(13_000);
    if (happens(faults.crash)) throw new RetryableError('internal', 'The child was killed.');
    // Each attempt makes others, as libraries of different versions would.
    const processed = await copyingWithThumbnails(request, 'x'.repeat(1 + Math.floor(random() * 9)));
    const id = jobBeingDone(request);
    done.set(id, (done.get(id) ?? 0) + 1);
    return processed;
  }

  /** Each attempt works in a directory that is named after its claim. */
  function jobBeingDone({ inputPath }: Parameters<Operate>[0]): string {
    const token = inputPath.split('/').at(-2)?.slice('job-'.length);
    return claimed.get(token ?? '') ?? 'lost';
  }

  function note(outcome: Outcome): void {
    if (outcome.kind !== 'succeeded') return;
    succeeded.set(outcome.job.id, (succeeded.get(outcome.job.id) ?? 0) + 1);
  }

  async function allJobs(): Promise<Job[]> {
    return (await steady.feed.find({}, 10_000, null)).jobs;
  }

  function allEnded(): boolean {
    const over = ({ state, outbox }: Job) => isTerminal(state) && outbox === null;
    return [...written.values()].filter(over).length >= uploads;
  }

  async function handleRest(): Promise<Outcome[]> {
    const [vm, run] = await Promise.all([messages.rest('vm'), messages.rest('run')]);
    return Promise.all([
      ...vm.map((message) => handleMessage(message, workerOf('vm-1', steady))),
      ...run.map((message) => handleMessage(message, workerOf('run-1', steady))),
    ]);
  }
}

function targetOf(worker: string): Target {
  return worker.startsWith('run') ? 'run' : 'vm';
}

function distinct(value: string, index: number, all: string[]): boolean {
  return all.indexOf(value) === index;
}

function shakyPorts(ports: MemoryPorts, faults: Faults, random: () => number): MemoryPorts {
  const shaky = <Port extends object>(port: Port, methods: (keyof Port)[]) =>
    failingNowAndThen(port, faults, random, methods);
  return {
    ...ports,
    jobs: shaky(ports.jobs, ['create', 'get', 'replace']),
    sums: shaky(ports.sums, [
      'ledger',
      'ledgerInTurn',
      'besideLine',
      'ownerAhead',
      'waitingBefore',
      'running',
      'endedWithin',
      'succeededSince',
      'failedSince',
      'runDollars',
      'batchBefore',
    ]),
    backlog: shaky(ports.backlog, ['line', 'deferred', 'unpublished', 'published', 'abandoned', 'outboxes']),
    queue: shaky(ports.queue, ['publish', 'announce']),
    blobs: shaky(ports.blobs, ['download', 'writeOnce']),
    fleet: shaky(ports.fleet, ['read']),
    settings: shaky(ports.settings, ['routing', 'sourceRules']),
    routerStates: shaky(ports.routerStates, ['read', 'replace']),
  };
}

/** Some calls are refused; of others the reply is lost after they took effect. */
function failingNowAndThen<Port extends object>(
  port: Port,
  faults: Faults,
  random: () => number,
  methods: (keyof Port)[],
): Port {
  const shaky = { ...port };
  for (const method of methods) {
    const original = port[method] as (...args: unknown[]) => Promise<unknown>;
    const wrapped = async (...args: unknown[]) => {
      if (random() < faults.refused) throw new OutageError('Refused.');
      const answer = await original(...args);
      if (random() < faults.replyLost) throw new OutageError('The reply was lost.');
      return answer;
    };
    Object.assign(shaky, { [method]: wrapped });
  }
  return shaky;
}

/** What a worker sees that is killed after its claim: nothing it does from then on has any effect. */
function dyingPorts(ports: MemoryPorts): MemoryPorts {
  const dead = () => Promise.reject(new OutageError('The worker was killed.'));
  let claimed = false;
  const replace: MemoryPorts['jobs']['replace'] = async (stored, next) => {
    if (claimed) return dead();
    const written = await ports.jobs.replace(stored, next);
    claimed = written?.job.state === 'processing';
    return written;
  };
  return { ...ports, jobs: { ...ports.jobs, replace }, blobs: { ...ports.blobs, writeOnce: dead } };
}

function expectOutage(error: unknown): false {
  if (!(error instanceof OutageError)) throw error;
  return false;
}

function watchReplacements(jobs: MemoryPorts['jobs'], onReplaced: (before: Job, after: Job) => void): void {
  const replace = jobs.replace.bind(jobs);
  jobs.replace = async (stored, next) => {
    const written = await replace(stored, next);
    if (written) onReplaced(stored.job, written.job);
    return written;
  };
}
