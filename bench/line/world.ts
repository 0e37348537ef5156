import type { Job } from '@spillway/core/job.ts';
import type { JobMessage } from '@spillway/core/messages.ts';
import { priorServiceMs } from '@spillway/core/routing/service-times.ts';
import { launch, Pending, type Steps, waitFor } from '@spillway/core/steps.ts';
import { steadyService } from '@spillway/core/testing/learned-service.ts';
import { sampleWorker } from '@spillway/core/testing/sample-worker.ts';
import { published, reserved, routed } from '@spillway/core/transitions.ts';
import type { ClaimAnswer } from '@spillway/pipeline/claim.ts';
import { LineMemory } from '@spillway/pipeline/line-memory.ts';
import { createMemoryDatabase } from '@spillway/pipeline/memory/ports.ts';
import { pullEndsWithinMs } from '@spillway/pipeline/ports/consumer.ts';
import type { Creation, Stored } from '@spillway/pipeline/ports/jobs.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import type { Queue } from '@spillway/pipeline/ports/queue.ts';
import { recordSuccess, withFencingToken } from '@spillway/pipeline/record.ts';
import type { Taker } from '@spillway/pipeline/take-turn.ts';
import { besideTheDatabase } from '@spillway/simulator/beside-the-database.ts';
import {
  type DatabaseLatency,
  DatabaseOperations,
  distantDatabase,
} from '@spillway/simulator/distant-database.ts';
import { type Random, randomStream } from '@spillway/simulator/random.ts';
import { Engine } from '@spillway/simulator/virtual-time.ts';
import { Storage } from '@spillway/simulator/world/storage.ts';
import { quantile } from '../quantile.ts';
import { Places } from './places.ts';
import { shuffled } from './shuffled.ts';

/** From an arrival to a pull that waits for its message. */
const messageMs = 30;

export interface LineScenario {
  slots: number;
  slotsPerVm: number;
  /** Every job takes this time from its claim on, in milliseconds. */
  jobMs: number;
  latency: DatabaseLatency;
  /** Arrivals for each job that the slots could do; null: all jobs wait from the start, and the line never runs empty. */
  load: number | null;
  /** Claims that are measured, for each slot. */
  claimsPerSlot: number;
  seed: number;
}

type Claimed = Extract<ClaimAnswer, { kind: 'claimed' }>;

/** How a slot finds its next job: with a message at first, and without one from then on. */
export interface WayToClaim {
  inTurn(message: JobMessage, taker: Taker): Steps<ClaimAnswer>;
  firstInLine(taker: Taker): Steps<ClaimAnswer | null>;
}

export interface LineFigures {
  slots: number;
  jobMs: number;
  /** Claims from the start on. Rates are of those after a while. */
  claims: number;
  claimsPerSecond: number;
  /** If each slot needed one query and one write for a job. */
  idealPerSecond: number;
  shareOfIdeal: number;
  /** Documents that were read to claim one, as Firestore bills them. */
  readsPerClaim: number;
  /** Queries and single reads for one claim, whatever they read. */
  lookUpsPerClaim: number;
  triedWritesPerClaim: number;
  /** In places of the line (places.ts). */
  overtaking: { mean: number; largest: number; mostLetPass: number };
  /** From the arrival to the claim, in milliseconds. Null where all jobs were there from the start. */
  waitMs: { mean: number; p99: number } | null;
  /** Jobs that ended after their turns, which are their deadlines, by the order in which they came. */
  late: ReadonlySet<number>;
  /** Jobs that two slots held at one time. */
  heldTwice: number;
}

/** What ways of claiming may need that a worker does not have. */
export interface LineWorld {
  slots: number;
  latency: DatabaseLatency;
  engine: Engine;
  /** The database itself, without its distance. */
  near: ReturnType<typeof createMemoryDatabase>;
  random: Random;
}

/** VMs that work on one line in virtual time. The same arguments give the same figures. */
export function playLine(scenario: LineScenario, wayOf: (world: LineWorld) => WayToClaim): LineFigures {
  const { slots, jobMs, latency, load, claimsPerSlot, seed } = scenario;
  const { query, write } = latency;
  const idealPerSecond = slots / ((jobMs + query.medianMs + write.medianMs) / 1_000);
  const engine = new Engine();
  const random = randomStream(seed, 'line');
  const near = createMemoryDatabase({ clock: engine });
  const beside = {
    ...besideTheDatabase(engine),
    // Of the queue, an end only announces.
    queue: { announce() {} } as Partial<Queue> as Queue,
    blobs: new Storage([]).blobs,
  };
  const way = wayOf({ slots, latency, engine, near, random: randomStream(seed, 'way') });
  const measured = Math.max(300, slots * claimsPerSlot);
  const warmUp = slots * 5;
  const arrivals = drawArrivals({ count: 2 * (warmUp + measured), perSecond: idealPerSecond, load, seed });
  /** Ids of the jobs that have come, with what was drawn of them. */
  const jobs = new Map<string, Arrival>();
  const messages: string[] = [];
  /** Pulls that wait for a message. */
  const pulls: Pending<string | null>[] = [];
  const places = new Places(arrivals.length);
  const waits: number[] = [];
  const late = new Set<number>();
  const claiming = new DatabaseOperations();
  const recording = new DatabaseOperations();
  const holding = new Set<string>();
  let heldTwice = 0;
  let claims = 0;
  let [beganAt, before] = [0, { ...claiming }];

  const learned = {
    [request.operation]: steadyService(jobMs / priorServiceMs(request.operation, request.source.pixels)),
  };

  for (const vm of vmsOf(scenario)) {
    const beat = () => void near.fleet.beat({ ...sampleWorker({ id: vm.id, slots: vm.slots }) });
    beat();
    engine.every(2_000, beat);
    const ports = portsThrough(claiming, `claims of ${vm.id}`);
    const taker: Taker = {
      ports,
      worker: vm.id,
      claimMs: 60_000,
      maxAttempts: 3,
      learned: () => learned,
      line: new LineMemory(randomStream(seed, vm.id).uniform),
    };
    for (let slot = 0; slot < vm.slots; slot++) {
      engine.after(random.uniform() * (jobMs + 50), () => launch(runSlot(taker)));
    }
  }
  for (const arrival of arrivals) engine.at(arrival.atMs, () => arrive(arrival));
  if (load === null) engine.at(0, () => messages.splice(0, messages.length, ...shuffled(messages, random)));
  engine.run(() => claims >= warmUp + measured, Number.POSITIVE_INFINITY);

  const seconds = (engine.ms - beganAt) / 1_000;
  const per = (field: 'documents' | 'queries' | 'gets' | 'writes') =>
    (claiming[field] - before[field]) / measured;
  return {
    slots,
    jobMs,
    claims,
    claimsPerSecond: measured / seconds,
    idealPerSecond,
    shareOfIdeal: measured / seconds / idealPerSecond,
    readsPerClaim: per('documents'),
    lookUpsPerClaim: per('queries') + per('gets'),
    triedWritesPerClaim: per('writes'),
    overtaking: places.summary(),
    waitMs: load === null ? null : { mean: meanOf(waits), p99: quantile(waits, 0.99) },
    late,
    heldTwice,
  };

  function arrive(arrival: Arrival): void {
    const id = waitInLine(arrival);
    jobs.set(id, arrival);
    places.arrive(arrival.place);
    if (load === null) messages.push(id);
    else engine.after(messageMs, () => deliver(id));
  }

  /** Has a job wait, decided and published. Returns its id. */
  function waitInLine({ index, turnMs }: Arrival): string {
    const digits = Math.floor(random.uniform() * 2 ** 32).toString(16);
    const id = index.toString(16) + digits.padStart(8, '0');
    const now = engine.now();
    const job = reserved({ ...request, id, objectiveMs: turnMs }, now);
    const { stored } = near.jobs.create(job) as Creation;
    const { epoch: _, at: __, movedFrom: ___, lanes: ____, ...choice } = stored.job.route;
    const decided = routed(stored.job, { ...choice, reason: 'vm_only' }, now);
    near.jobs.replace(stored, published(decided, now));
    return id;
  }

  /** Pub/Sub does not say who of those that wait gets a message. */
  function deliver(id: string): void {
    const [pull] = pulls.splice(Math.floor(random.uniform() * pulls.length), 1);
    if (pull) pull.resolve(id);
    else messages.push(id);
  }

  /** The next message; null where none came for as long as a pull waits. */
  function* pullMessage(): Steps<string | null> {
    const first = messages.shift();
    if (first !== undefined) return first;
    const pull = new Pending<string | null>();
    pulls.push(pull);
    engine.after(pullEndsWithinMs, () => {
      if (pulls.includes(pull)) pulls.splice(pulls.indexOf(pull), 1);
      pull.resolve(null);
    });
    return yield* waitFor(pull);
  }

  /** As a VM does: while jobs wait it takes what is first in line, and asks for a message when none does. */
  function* runSlot(taker: Taker): Steps<void> {
    const recorder = portsThrough(recording, `records of ${taker.worker}`);
    for (;;) {
      const id = yield* pullMessage();
      let answer = yield* id === null ? way.firstInLine(taker) : way.inTurn(messageOf(id), taker);
      while (answer?.kind === 'claimed') {
        yield* work(answer, recorder);
        answer = yield* way.firstInLine(taker);
      }
    }
  }

  function messageOf(jobId: string): JobMessage {
    const { route, schemaVersion } = (near.jobs.get(jobId) as Stored).job;
    return { schemaVersion, jobId, epoch: route.epoch };
  }

  function* work(claim: Claimed, recorder: Ports): Steps<void> {
    const { job } = claim.stored;
    noteClaim(job);
    yield* waitFor(engine.pause(jobMs));
    holding.delete(job.id);
    launch(record(claim, recorder));
  }

  function noteClaim({ id, createdAt }: Job): void {
    if (holding.has(id)) heldTwice++;
    holding.add(id);
    const { index, place, turnMs } = jobs.get(id) as Arrival;
    places.claim(place);
    claims++;
    waits.push(engine.ms - createdAt.getTime());
    if (engine.ms + jobMs > turnMs) late.add(index);
    if (claims === warmUp) [beganAt, before] = [engine.ms, { ...claiming }];
  }

  /** Written beside the slot's next job. */
  function* record({ stored, token }: Claimed, ports: Ports): Steps<void> {
    const now = engine.now();
    const timings = { waitMs: 0, downloadMs: 0, slotWaitMs: 0, processMs: jobMs };
    const mayEnd = withFencingToken(token);
    const outcome = yield* recordSuccess(stored, noResult, timings, now, mayEnd, ports);
    if (outcome.kind !== 'succeeded') heldTwice++;
  }

  function portsThrough(operations: DatabaseOperations, stream: string): Ports {
    const connection = { engine, home: engine, latency, random: randomStream(seed, stream), operations };
    return { ...distantDatabase(near, connection), ...beside };
  }
}

/** A document of a job's result, which nothing here reads. */
const noResult = {
  bucket: '',
  name: '',
  generation: '',
  contentType: '',
  size: 0,
  crc32c: '',
  width: 1,
  height: 1,
  decodedPixels: 1,
  model: null,
  notes: [],
  receipt: '',
  thumbnails: null,
  mask: null,
};

function vmsOf({ slots, slotsPerVm }: LineScenario): { id: string; slots: number }[] {
  return Array.from({ length: Math.ceil(slots / slotsPerVm) }, (_, index) => ({
    id: `vm-${index + 1}`,
    slots: Math.min(slotsPerVm, slots - index * slotsPerVm),
  }));
}

const request = {
  operation: 'sketch' as const,
  options: {},
  owner: null,
  source: {
    bucket: 'uploads',
    name: 'sketch/picture.jpg',
    generation: '1',
    size: 100_000,
    contentType: 'image/jpeg',
    timeCreated: new Date(0),
    pixels: 1_000_000,
  },
  class: 'bulk' as const,
  batch: null,
  batchSize: null,
  batchIndex: null,
  upload: null,
  run: 1,
  retryOf: null,
  rerunOf: null,
  trace: null,
  clockStartsAt: new Date(0),
  reservation: 'bench',
  workMs: 400,
};

interface Arrival {
  /** In the order in which they come. */
  index: number;
  /** In the order of turns. */
  place: number;
  atMs: number;
  turnMs: number;
}

const dayMs = 86_400_000;
/** Those of operations for which people wait, and one of which many come at once. */
const objectives = [2_000, 6_000, 60_000];

/**
 * Without a load all are there from the start, with turns that are as far apart as jobs can be worked on, and far from now.
 * With one they come at random, and have different objectives.
 */
function drawArrivals({
  count,
  perSecond,
  load,
  seed,
}: {
  count: number;
  perSecond: number;
  load: number | null;
  seed: number;
}): Arrival[] {
  const random = randomStream(seed, 'arrivals');
  let atMs = 0;
  const drawn = Array.from({ length: count }, (_, index) => {
    if (load === null) return { index, atMs: 0, turnMs: dayMs + (index * 1_000) / perSecond };
    atMs += random.exponential(1_000 / (load * perSecond));
    const objectiveMs = objectives[random.choice([7, 2, 1])] ?? 0;
    return { index, atMs, turnMs: Math.round(atMs + objectiveMs) };
  });
  const places = drawn.toSorted((a, b) => a.turnMs - b.turnMs).map(({ index }) => index);
  const placeOf = new Map(places.map((index, place) => [index, place]));
  return drawn.map((each) => ({ ...each, place: placeOf.get(each.index) ?? 0 }));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
