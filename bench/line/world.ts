import type { Job } from '@spillway/core/job.ts';
import { launch, type Steps, waitFor } from '@spillway/core/steps.ts';
import { sampleWorker } from '@spillway/core/testing/sample-worker.ts';
import { published, reserved, routed } from '@spillway/core/transitions.ts';
import type { ClaimAnswer } from '@spillway/pipeline/claim.ts';
import { LineMemory } from '@spillway/pipeline/line-memory.ts';
import { noInstruments } from '@spillway/pipeline/memory/instruments.ts';
import { createMemoryDatabase, silentLog } from '@spillway/pipeline/memory/ports.ts';
import type { Outcome } from '@spillway/pipeline/outcome.ts';
import type { Creation, Stored } from '@spillway/pipeline/ports/jobs.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import type { Queue } from '@spillway/pipeline/ports/queue.ts';
import { recordSuccess, withFencingToken } from '@spillway/pipeline/record.ts';
import type { Taker } from '@spillway/pipeline/take-turn.ts';
import {
  type DatabaseLatency,
  DatabaseOperations,
  distantDatabase,
} from '@spillway/simulator/distant-database.ts';
import { type Random, randomStream } from '@spillway/simulator/random.ts';
import { Engine } from '@spillway/simulator/virtual-time.ts';
import { Storage } from '@spillway/simulator/world/storage.ts';
import { serveTurns } from '../../simulator/world/serve-turns.ts';
import { Places } from './places.ts';

export interface LineScenario {
  slots: number;
  slotsPerVm: number;
  /** Every job takes this time from its claim on, in milliseconds. */
  jobMs: number;
  latency: DatabaseLatency;
  /** Claims that are measured, for each slot. */
  claimsPerSlot: number;
  seed: number;
}

/** How a slot finds its next job: with a message at first, and without one from then on. */
export interface WayToClaim {
  inTurn(message: { jobId: string; epoch: number; schemaVersion: number }, taker: Taker): Steps<ClaimAnswer>;
  firstInLine(taker: Taker): Steps<ClaimAnswer | null>;
}

export interface LineFigures {
  slots: number;
  jobMs: number;
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
  /** Jobs that two slots held at one time. */
  heldTwice: number;
}

/** A line that never runs empty, and VMs that work on it in virtual time. The same arguments give the same figures. */
export function playLine(scenario: LineScenario, way: WayToClaim): LineFigures {
  const { slots, jobMs, latency, claimsPerSlot, seed } = scenario;
  const { query, write } = latency;
  const idealPerSecond = slots / ((jobMs + query.medianMs + write.medianMs) / 1_000);
  const engine = new Engine();
  const random = randomStream(seed, 'line');
  const near = createMemoryDatabase({ clock: engine });
  const measured = Math.max(300, slots * claimsPerSlot);
  const warmUp = slots * 5;
  const count = 2 * (warmUp + measured);
  const jobs = fillLine(near, count, 1_000 / idealPerSecond, random);
  const messages = shuffled([...jobs.keys()], random);
  const places = new Places(count);
  const claiming = new DatabaseOperations();
  const recording = new DatabaseOperations();
  const holding = new Set<string>();
  let heldTwice = 0;
  let claims = 0;
  let [beganAt, before] = [0, { ...claiming }];

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
      learned: () => ({}),
      line: new LineMemory(randomStream(seed, vm.id).uniform),
    };
    for (let slot = 0; slot < vm.slots; slot++) {
      engine.after(random.uniform() * (jobMs + 50), () => launch(runSlot(taker)));
    }
  }
  engine.run(() => claims >= warmUp + measured, Number.POSITIVE_INFINITY);

  const seconds = (engine.ms - beganAt) / 1_000;
  const per = (field: 'documents' | 'queries' | 'gets' | 'writes') =>
    (claiming[field] - before[field]) / measured;
  return {
    slots,
    jobMs,
    claimsPerSecond: measured / seconds,
    idealPerSecond,
    shareOfIdeal: measured / seconds / idealPerSecond,
    readsPerClaim: per('documents'),
    lookUpsPerClaim: per('queries') + per('gets'),
    triedWritesPerClaim: per('writes'),
    overtaking: places.summary(),
    heldTwice,
  };

  /** As a VM's slot does: it takes turns with a message, and then the next message. */
  function* runSlot(taker: Taker): Steps<void> {
    const recorder = portsThrough(recording, `records of ${taker.worker}`);
    for (;;) {
      const message = messages.pop();
      if (!message) return;
      const { id, route, schemaVersion } = (near.jobs.get(message) as Stored).job;
      yield* serveTurns(
        work(way.inTurn({ jobId: id, epoch: route.epoch, schemaVersion }, taker), recorder),
        () => work(way.firstInLine(taker), recorder),
        () => true,
      );
    }
  }

  function* work(claim: Steps<ClaimAnswer | null>, recorder: Ports): Steps<Outcome> {
    const answer = yield* claim;
    if (answer?.kind !== 'claimed') return { kind: 'nothing_waits', ack: true };
    const { job } = answer.stored;
    noteClaim(job);
    yield* waitFor(engine.pause(jobMs));
    holding.delete(job.id);
    launch(record(answer, recorder));
    return { kind: 'succeeded', ack: true, job };
  }

  function noteClaim({ id }: Job): void {
    if (holding.has(id)) heldTwice++;
    holding.add(id);
    places.claim(jobs.get(id) as number);
    claims++;
    if (claims === warmUp) [beganAt, before] = [engine.ms, { ...claiming }];
  }

  /** Written beside the slot's next job. */
  function* record({ stored, token }: Extract<ClaimAnswer, { kind: 'claimed' }>, ports: Ports): Steps<void> {
    const now = engine.now();
    const timings = { waitMs: 0, downloadMs: 0, slotWaitMs: 0, processMs: jobMs };
    const mayEnd = withFencingToken(token);
    const outcome = yield* recordSuccess(stored, noResult, timings, now, mayEnd, ports);
    if (outcome.kind !== 'succeeded') heldTwice++;
  }

  function portsThrough(operations: DatabaseOperations, stream: string): Ports {
    const connection = { engine, home: engine, latency, random: randomStream(seed, stream), operations };
    return { ...distantDatabase(near, connection), ...besidesTheDatabase(engine) };
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
};

let tokens = 0;

function besidesTheDatabase(engine: Engine) {
  return {
    // Of the queue, an end only announces.
    queue: { announce() {} } as Partial<Queue> as Queue,
    blobs: new Storage([]).blobs,
    metrics: null,
    instruments: noInstruments,
    runService: null,
    runReach: { kind: 'jobs' } as const,
    tracing: null,
    clock: engine,
    timers: engine,
    newToken: () => String(++tokens),
    log: silentLog,
    buckets: { uploads: 'uploads', webUploads: 'web-uploads', results: 'results' },
  };
}

function vmsOf({ slots, slotsPerVm }: LineScenario): { id: string; slots: number }[] {
  return Array.from({ length: Math.ceil(slots / slotsPerVm) }, (_, index) => ({
    id: `vm-${index + 1}`,
    slots: Math.min(slotsPerVm, slots - index * slotsPerVm),
  }));
}

/** Has jobs wait whose turns are as far apart as jobs can be worked on, far from now. Returns their ids with their places in the line. */
function fillLine(
  { jobs }: Pick<Ports, 'jobs'>,
  count: number,
  apartMs: number,
  random: Random,
): Map<string, number> {
  const places = new Map<string, number>();
  for (let place = 0; place < count; place++) {
    const id =
      place.toString(16) +
      Math.floor(random.uniform() * 2 ** 32)
        .toString(16)
        .padStart(8, '0');
    const now = new Date(0);
    const job = reserved({ ...request, id, objectiveMs: 86_400_000 + place * apartMs }, now);
    const { stored } = jobs.create(job) as Creation;
    const { epoch: _, at: __, movedFrom: ___, ...choice } = stored.job.route;
    const decided = routed(stored.job, { ...choice, reason: 'vm_only' }, now);
    jobs.replace(stored, published(decided, now));
    places.set(id, place);
  }
  return places;
}

const request = {
  operation: 'sketch',
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
  upload: null,
  run: 1,
  retryOf: null,
  trace: null,
  clockStartsAt: new Date(0),
  reservation: 'bench',
  workMs: 400,
};

function shuffled<Item>(items: Item[], random: Random): Item[] {
  const left = [...items];
  return items.map(() => left.splice(Math.floor(random.uniform() * left.length), 1)[0] as Item);
}
