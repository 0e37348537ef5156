import { RetryableError } from '@spillway/core/errors.ts';
import { type Heartbeat, heartbeatKeptMs } from '@spillway/core/heartbeat.ts';
import type { Target } from '@spillway/core/job.ts';
import type { JobMessage } from '@spillway/core/messages.ts';
import { Pending, type Steps } from '@spillway/core/steps.ts';
import type { ClaimAnswer } from '@spillway/pipeline/claim.ts';
import type { Executor, OperationOutput, OperationRequest } from '@spillway/pipeline/executor.ts';
import { executeClaimed, handling } from '@spillway/pipeline/handle-message.ts';
import { LineMemory } from '@spillway/pipeline/line-memory.ts';
import type { Outcome } from '@spillway/pipeline/outcome.ts';
import { OperationStatsBook } from '@spillway/worker/operation-stats.ts';
import type { SimulatedJob } from '../jobs.ts';
import { randomStream } from '../random.ts';
import type { Machine } from '../virtual-time.ts';
import type { World } from './world.ts';

/** What became of a message, and how long that took in milliseconds. */
interface Handled {
  outcome: Outcome;
  ms: number;
}

export interface WorkerOptions {
  id: string;
  kind: Target;
  slots: number;
  machine: Machine;
  /** How long a job takes that begins now. */
  serviceMs: (drawn: SimulatedJob) => number;
  world: World;
}

/** A worker from its start to its end: it executes jobs as production does, in virtual time. */
export class SimulatedWorker {
  readonly book: OperationStatsBook;
  readonly executor: Executor;
  readonly #options: WorkerOptions;
  readonly #startedAt: Date;

  constructor(options: WorkerOptions) {
    const { world, id, kind, machine } = options;
    this.#options = options;
    this.#startedAt = world.engine.now();
    this.book = new OperationStatsBook(() => this.#startedAt);
    this.executor = {
      ports: world.distance.connect(id, machine).ports,
      worker: id,
      target: kind,
      claimMs: world.scenario.vms.claimMs,
      maxAttempts: world.scenario.faults.maxAttempts,
      folders: world.storage.folders,
      learned: () => this.book.learned(),
      io: () => this.book.io,
      line: new LineMemory(randomStream(world.seed, `line of ${id}`).uniform),
      leaving: new AbortController().signal,
      // A simulated machine is slow at the most: its test picture goes well.
      testOperation: () => null,
      operate: (request) => this.#operate(request),
    };
  }

  /** Executes what a claim gives it. `sinceMs`: when it began to look for work. */
  execute(claim: Steps<ClaimAnswer | null>, sinceMs: number): Steps<Handled> {
    return this.#timed(executeClaimed(claim, this.executor), sinceMs);
  }

  /** Does what a message asks for. */
  handle(message: JobMessage, sinceMs: number): Steps<Handled> {
    return this.#timed(handling(message, this.executor), sinceMs);
  }

  *#timed(work: Steps<Outcome>, sinceMs: number): Steps<Handled> {
    const outcome = yield* work;
    const ms = Math.round(this.#options.world.engine.ms - sinceMs);
    this.book.record(outcome, ms);
    return { outcome, ms };
  }

  beat(state: Heartbeat['state'], busy: number, load: number): void {
    const { id, kind, slots, world } = this.#options;
    world.ports.fleet.beat({
      id,
      kind,
      state,
      slots,
      busy,
      inFlight: busy,
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
    const { world, machine, serviceMs } = this.#options;
    const drawn = world.storage.take(inputPath);
    const crashesAfter = world.crash(drawn);
    const processMs = serviceMs(drawn) * (crashesAfter ?? 1);
    const output = new Pending<OperationOutput>();
    machine.after(processMs, () => {
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
