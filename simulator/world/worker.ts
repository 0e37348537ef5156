import { RetryableError } from '@spillway/core/errors.ts';
import { type Heartbeat, heartbeatKeptMs } from '@spillway/core/heartbeat.ts';
import type { Target } from '@spillway/core/job.ts';
import type { JobMessage } from '@spillway/core/messages.ts';
import { Pending, type Steps } from '@spillway/core/steps.ts';
import type { Executor, OperationOutput, OperationRequest } from '@spillway/pipeline/executor.ts';
import { handling } from '@spillway/pipeline/handle-message.ts';
import { LineMemory } from '@spillway/pipeline/line-memory.ts';
import type { Outcome } from '@spillway/pipeline/outcome.ts';
import { expectedMs } from '@spillway/worker/expected-service.ts';
import { Flights, type OwnFlight } from '@spillway/worker/flights.ts';
import { OperationStatsBook } from '@spillway/worker/operation-stats.ts';
import type { SimulatedJob } from '../jobs.ts';
import { randomStream } from '../random.ts';
import type { Machine } from '../virtual-time.ts';
import type { World } from './world.ts';

export interface WorkerOptions {
  id: string;
  kind: Target;
  slots: number;
  machine: Machine;
  /** How long a job keeps a slot that begins now. */
  serviceMs: (drawn: SimulatedJob) => number;
  /** An operation begins (1) or has ended (-1). */
  onOperation?: (more: 1 | -1) => void;
  /** Told of every outcome. `ms`: from the look for the job to it. */
  onOutcome?: (outcome: Outcome, ms: number) => void;
  world: World;
}

/** Room for the files of jobs in a worker's hands, in bytes, as the workers' default. */
const roomBytes = { vm: 1_024 * 2 ** 20, run: 256 * 2 ** 20 } as const satisfies Record<Target, number>;

/** A worker from its start to its end: it executes jobs as production does, in virtual time. */
export class SimulatedWorker {
  readonly book: OperationStatsBook;
  readonly flights: Flights;
  readonly executor: Executor;
  readonly #options: WorkerOptions;
  readonly #startedAt: Date;
  /** Jobs in its hands, without those that it only waits for. */
  inFlight = 0;

  constructor(options: WorkerOptions) {
    const { world, id, kind, slots, machine } = options;
    const { engine, scenario } = world;
    this.#options = options;
    this.#startedAt = engine.now();
    this.book = new OperationStatsBook(() => this.#startedAt);
    this.executor = {
      ports: world.distance.connect(id, machine).ports,
      worker: id,
      target: kind,
      claimMs: scenario.vms.claimMs,
      maxAttempts: scenario.faults.maxAttempts,
      folders: world.storage.folders,
      learned: () => this.book.learned(),
      io: () => this.book.io,
      line: new LineMemory(randomStream(world.seed, `line of ${id}`).uniform),
      leaving: new AbortController().signal,
      // A simulated machine is slow at the most: its test picture goes well.
      testOperation: () => null,
      operate: (request) => this.#operate(request),
    };
    this.flights = new Flights({
      slots,
      mostBytes: roomBytes[kind],
      clock: engine,
      timers: machine,
      serviceMs: (job) => expectedMs(job, this.executor),
      sharesLine: kind === 'vm',
    });
  }

  /** Executes what is found in this way. */
  *execute(flight: OwnFlight, find: (executor: Executor) => Steps<Outcome>): Steps<Outcome> {
    const { engine } = this.#options.world;
    const sinceMs = engine.ms;
    this.inFlight++;
    flight.began();
    const outcome = yield* find({ ...this.executor, flight, leaving: flight.leaving });
    flight.ended();
    this.inFlight--;
    const ms = Math.round(engine.ms - sinceMs);
    this.book.record(outcome, ms);
    this.#options.onOutcome?.(outcome, ms);
    return outcome;
  }

  /** Does what a message that was pushed asks for. */
  handle(message: JobMessage): Steps<Outcome> {
    return this.execute(this.flights.begin(), (executor) => handling(message, executor));
  }

  beat(state: Heartbeat['state'], load: number): void {
    const { id, kind, slots, world } = this.#options;
    world.ports.fleet.beat({
      id,
      kind,
      state,
      slots,
      busy: this.flights.busy,
      inFlight: this.inFlight,
      cpu: { load, perCore: [] },
      memory: { totalBytes: 0, usedBytes: 0 },
      process: { cpu: 0, rssBytes: 0, count: 0 },
      perOperation: this.book.perOperation(),
      delivery: this.book.delivery,
      io: this.book.io,
      coldStartMs: this.book.coldStartMs,
      models: [],
      offers: null,
      lacks: [],
      pricePerHour: null,
      startedAt: this.#startedAt,
      version: 'simulated',
      expiresAt: new Date(world.engine.ms + heartbeatKeptMs({ kind, state })),
    });
  }

  #operate({ inputPath }: OperationRequest): Pending<OperationOutput> {
    const { world, machine, serviceMs, onOperation } = this.#options;
    const drawn = world.storage.take(inputPath);
    const crashesAfter = world.crash(drawn);
    const processMs = serviceMs(drawn) * (crashesAfter ?? 1);
    const output = new Pending<OperationOutput>();
    onOperation?.(1);
    machine.after(processMs, () => {
      onOperation?.(-1);
      if (crashesAfter === null) {
        world.done++;
        output.resolve({ ...anyOutput, decodedPixels: drawn.decodedPixels, processMs });
      } else output.reject(new RetryableError('internal', 'The simulated attempt crashed.'));
    });
    return output;
  }
}

const anyOutput = {
  path: '',
  contentType: '',
  extension: 'png',
  width: 0,
  height: 0,
  model: null,
  notes: [],
  steps: [],
};
