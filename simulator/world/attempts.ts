import type { Claim, Job, JobResult, Timings } from '@spillway/core/job.ts';
import { attemptFailed, claimed, failed, holds, renewed, succeeded } from '@spillway/core/transitions.ts';
import { givenBack } from '@spillway/pipeline/outcome.ts';
import type { OperationStatsBook } from '@spillway/worker/operation-stats.ts';
import { type Random, randomStream } from '../random.ts';
import type { Documents, Entry } from './documents.ts';
import type { Engine } from './engine.ts';

/** A message in Pub/Sub: worthless once the job has a newer epoch. */
export interface Message {
  entry: Entry;
  epoch: number;
  /** From a free slot's asking to the claim, in milliseconds. */
  pullMs: number;
  /** Which VM's queue it is in, where every VM has its own. */
  vm?: number;
}

/** One worker's work on one job. */
export interface Attempt {
  entry: Entry;
  worker: string;
  token: string;
  claimedAt: number;
  /** The worker's look at the line before it, which it counts as service. */
  lookMs: number;
  /** Null where it goes well, else the share of the work after which it crashes. */
  crashesAfter: number | null;
}

/** Whether Pub/Sub may forget the message. */
type Ended = 'settled' | 'given back';

/** Claims jobs and records outcomes as workers do, by production's transitions. */
export class Attempts {
  readonly #documents: Documents;
  readonly #engine: Engine;
  readonly #faults: { crash: number; maxAttempts: number; claimMs: number };
  readonly #seed: number;
  #claims = 0;
  /** Work that was done in vain, for somebody else had the claim by then. */
  duplicates = 0;
  /** When jobs succeeded on Cloud Run in the last minutes, for its breaker: those that crash are to blame themselves. */
  readonly succeededOnRun: number[] = [];

  constructor(
    documents: Documents,
    engine: Engine,
    faults: { crash: number; maxAttempts: number; claimMs: number },
    seed: number,
  ) {
    this.#documents = documents;
    this.#engine = engine;
    this.#faults = faults;
    this.#seed = seed;
  }

  /** Null where the message is to be dropped. */
  claim({ entry, epoch }: Pick<Message, 'entry' | 'epoch'>, worker: string): Attempt | null {
    const token = String(++this.#claims);
    const claim: Claim = { worker, token, expiresAt: forever };
    const now = this.#engine.date;
    const outcome = claimed(entry.job, epoch, claim, this.#faults.maxAttempts, now);
    if (outcome.kind === 'dropped') return null;
    if (outcome.kind === 'poison') {
      this.#fail(entry);
      return null;
    }
    this.#documents.write(entry, outcome.job);
    return { entry, worker, token, claimedAt: this.#engine.now, lookMs: 0, crashesAfter: this.#crash(entry) };
  }

  /** The work is over, well or not: it counts if the claim still stands. */
  end(attempt: Attempt, book: OperationStatsBook): Ended {
    if (!holds(attempt.entry.job, attempt.token)) {
      if (attempt.crashesAfter === null) this.duplicates++;
      return 'settled';
    }
    return attempt.crashesAfter === null ? this.#finish(attempt, book) : this.#crashed(attempt, book);
  }

  #finish({ entry, claimedAt, lookMs }: Attempt, book: OperationStatsBook): Ended {
    const { now } = this.#engine;
    const timings: Timings = {
      waitMs: claimedAt - entry.drawn.arrivedAt,
      downloadMs: 0,
      processMs: now - claimedAt,
      storeMs: 0,
      totalMs: now - entry.drawn.arrivedAt,
    };
    const job = succeeded(entry.job, resultOf(entry), timings, this.#engine.date);
    this.#close(entry, job);
    book.record({ kind: 'succeeded', ack: true, job }, Math.round(lookMs + now - claimedAt));
    return 'settled';
  }

  #crashed({ entry, worker }: Attempt, book: OperationStatsBook): Ended {
    const { job } = entry;
    if (job.attempt >= this.#faults.maxAttempts) {
      this.#fail(entry);
      book.record({ kind: 'failed', ack: true, job: entry.job, error: poison }, 0);
      return 'settled';
    }
    const failure = { code: 'internal', signature: null } as const;
    this.#documents.write(entry, attemptFailed(job, failure, worker, this.#engine.date));
    book.record(givenBack(poison.message, { failed: job }), 0);
    return 'given back';
  }

  /** Its worker has stopped renewing: the claim lives on from the last renewal, three of which come in each period. */
  abandon({ entry, token, claimedAt }: Attempt): void {
    const { claim } = entry.job;
    if (!claim || !holds(entry.job, token)) return;
    const every = this.#faults.claimMs / 3;
    const renewedAt = claimedAt + Math.floor((this.#engine.now - claimedAt) / every) * every;
    this.#renew(entry, { ...claim, expiresAt: new Date(renewedAt + this.#faults.claimMs) });
  }

  /** Its worker is back and renews, if nobody has taken the job meanwhile. */
  resume({ entry, token }: Attempt): void {
    const { claim } = entry.job;
    if (claim && holds(entry.job, token)) this.#renew(entry, { ...claim, expiresAt: forever });
  }

  #renew(entry: Entry, claim: Claim): void {
    this.#documents.write(entry, renewed(entry.job, claim));
  }

  #fail(entry: Entry): void {
    this.#close(entry, failed(entry.job, poison, this.#engine.date));
  }

  #close(entry: Entry, job: Job): void {
    const onRun = job.route.target === 'run';
    if (onRun && job.state === 'succeeded') this.succeededOnRun.push(this.#engine.now);
    entry.endedAt = this.#engine.now;
    this.#documents.write(entry, job);
  }

  /** Drawn for the job and the attempt, so that it is the same under every policy. */
  #crash({ drawn, job }: Entry): number | null {
    if (this.#faults.crash === 0) return null;
    const random: Random = randomStream(this.#seed, `crash of attempt ${job.attempt} at job ${drawn.index}`);
    return random.uniform() < this.#faults.crash ? random.uniform() : null;
  }
}

/** Claims of living workers are renewed in time, so they need no end. */
const forever = new Date(8.64e15);

const poison = {
  code: 'poison',
  message: 'The simulated attempt crashed.',
  retryable: true,
  // The test picture goes well on a simulated machine that is no more than slow.
  blame: 'input',
} as const;

/** Of a result, only what was decoded for it is looked at here. */
export function resultOf({ drawn }: Entry): JobResult {
  return { ...result, decodedPixels: drawn.decodedPixels };
}

const result: JobResult = {
  bucket: '',
  name: '',
  generation: '',
  contentType: '',
  size: 0,
  crc32c: '',
  width: 0,
  height: 0,
  decodedPixels: null,
  model: null,
  notes: [],
  receipt: '',
};
