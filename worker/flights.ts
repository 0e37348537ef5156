import type { Job } from '@spillway/core/job.ts';
import { RecentValues } from '@spillway/core/routing/quantiles.ts';
import { type Release, Semaphore } from '@spillway/core/semaphore.ts';
import { begin, isThenable, Pending, type Steps, waitFor } from '@spillway/core/steps.ts';
import type { Flight } from '@spillway/pipeline/executor.ts';
import type { Clock, Timers } from '@spillway/pipeline/ports/ports.ts';
import { isAhead, type Phase, slotFreeInMs } from './slot-forecast.ts';

/** Jobs in a worker's hands, for each slot, beyond which it takes none: its storage may have stopped answering. */
const mostPerSlot = 8;
/** Jobs for each slot that are claimed and have not begun. What waits here, no other worker can take. */
const mostAheadPerSlot = 3;
/** A job and its result may be as large as its source, and both are kept until the job has ended. */
const sourceAndResult = 2;
/**
 * How early the next job is looked for, as a factor of what its fetch usually takes. It follows what happens: of ten jobs
 * that are fetched ahead, nine should be here when their slot becomes free.
 */
const lead = { first: 1.5, least: 0.5, most: 4, afterLate: 0.09, afterEarly: 0.01 } as const;
/** A job whose slot is not free after this time is left to other workers. Milliseconds. */
const patienceMs = 2_000;
/** Assumed of an operation before one was timed: long enough that nothing is fetched ahead of it. Milliseconds. */
const unknownServiceMs = 1_000;

/** A job in this worker's hands, from the look for it to its outcome. */
export interface OwnFlight extends Flight {
  /** Aborted when its job is to be given back. */
  readonly leaving: AbortSignal;
  /** The look for its job begins now, after the wait for a message. */
  began(): void;
  /** It has an outcome, or no job was found. */
  ended(): void;
}

export interface FlightsOptions {
  slots: number;
  /** Room for the files of all jobs in its hands, in bytes. One job alone may have more. */
  mostBytes: number;
  clock: Clock;
  timers: Timers;
  /** How long the operation of a job is expected to keep its slot, in milliseconds. */
  serviceMs: (job: Job) => number;
  /** Whether others look at the same line: a job that waits here for too long is then given back to it. */
  sharesLine: boolean;
}

/**
 * The jobs in a worker's hands. Slots count operations, and not what waits for other machines: while as many jobs as there
 * are slots are worked on, the next ones are claimed and fetched, and the results of those before are stored.
 *
 * How many are fetched ahead follows from what was measured: the next job is taken when a slot will be free for it by the
 * time that its source is here. Earlier it would only wait here, where no other worker can take it.
 */
export class Flights {
  readonly #options: FlightsOptions;
  readonly #slots: Semaphore;
  readonly #room: Semaphore;
  readonly #all = new Map<OwnFlight, { phase: Phase; leave: AbortController }>();
  /** From the look for a job to its source being here. */
  readonly #fetchMs = new RecentValues();
  readonly #serviceMs = new RecentValues();
  /** How long operations kept their slots, by what was expected of them. */
  readonly #ratios = new RecentValues(16);
  #lead: number = lead.first;
  #changed = new Pending<void>();
  #wake = () => {};

  constructor(options: FlightsOptions) {
    this.#options = options;
    this.#slots = new Semaphore(options.slots);
    this.#room = new Semaphore(options.mostBytes);
  }

  /** Operations at a time. */
  get slots(): number {
    return this.#slots.capacity;
  }

  /** Operations under way. */
  get busy(): number {
    return this.#slots.taken;
  }

  /** Operations that are under way in a slot too many go on. */
  resize(slots: number): void {
    this.#slots.resize(slots);
    this.#change();
  }

  /** @param onClaimed Called when it has a job. */
  begin(onClaimed: () => void = () => {}): OwnFlight {
    const { clock, serviceMs } = this.#options;
    const now = () => clock.now().getTime();
    const fetchMs = this.#usualFetchMs();
    const usualMs = this.#serviceMs.quantiles()?.p50 ?? unknownServiceMs;
    const own = {
      phase: { kind: 'pulling' } as Phase,
      leave: new AbortController(),
    };
    let lookedAt = now();
    /** Whether it was looked for before its slot was free. */
    let wasAhead = false;
    const become = (phase: Phase) => {
      own.phase = phase;
      this.#change();
    };
    const expectedMs = () => ('serviceMs' in own.phase ? own.phase.serviceMs : usualMs);
    const flight: OwnFlight = {
      get leaving() {
        return own.leave.signal;
      },
      began: () => {
        wasAhead = this.#freeInMs([...this.#phases(own)]) > 0;
        // What was to be given back then was not there yet.
        if (own.leave.signal.aborted) own.leave = new AbortController();
        lookedAt = now();
        become({ kind: 'fetching', readyAt: lookedAt + fetchMs, serviceMs: usualMs });
      },
      claimed: (job) => {
        onClaimed();
        const ratio = this.#ratios.quantiles()?.p50 ?? 1;
        become({ kind: 'fetching', readyAt: lookedAt + fetchMs, serviceMs: ratio * serviceMs(job) });
      },
      room: ({ source, route, deadlineAt }, signals) =>
        this.#room.acquire({
          weight: sourceAndResult * source.size,
          order: turnOf({ route, deadlineAt }),
          signals,
        }),
      fetched: () => {
        const readyAt = now();
        this.#fetchMs.add(readyAt - lookedAt);
        become({ kind: 'waiting', readyAt, serviceMs: expectedMs() });
      },
      delayed: () => become({ kind: 'preparing', serviceMs: expectedMs() }),
      slot: (job, signals) =>
        begin(this.#work(job, own.leave, signals, expectedMs(), serviceMs(job), wasAhead, become)),
      ended: () => {
        this.#all.delete(flight);
        this.#change();
      },
    };
    this.#all.set(flight, own);
    this.#change();
    return flight;
  }

  /** Calls the job off where it waits for too long. */
  *#freeSlot(job: Job, signals: readonly AbortSignal[], leave: AbortController): Steps<Release> {
    const slot = this.#slots.acquire({ order: turnOf(job), signals });
    if (!isThenable(slot) || !this.#options.sharesLine) return yield* waitFor(slot);
    const stopTimer = this.#options.timers.every(patienceMs, () =>
      leave.abort(new Error('No slot became free for it here.')),
    );
    try {
      return yield* waitFor(slot);
    } finally {
      stopTimer();
    }
  }

  *#work(
    job: Job,
    leave: AbortController,
    signals: readonly AbortSignal[],
    expectedMs: number,
    /** Before it was corrected by what others took. */
    statedMs: number,
    wasAhead: boolean,
    become: (phase: Phase) => void,
  ): Steps<Release> {
    const { clock } = this.#options;
    const readyAt = clock.now().getTime();
    become({ kind: 'waiting', readyAt, serviceMs: expectedMs });
    const release = yield* this.#freeSlot(job, signals, leave);
    const since = clock.now().getTime();
    if (wasAhead) this.#adjustLead(since > readyAt);
    become({ kind: 'working', since, serviceMs: expectedMs });
    let isWorking = true;
    return () => {
      if (!isWorking) return;
      isWorking = false;
      const ms = clock.now().getTime() - since;
      this.#serviceMs.add(ms);
      if (statedMs > 0) this.#ratios.add(ms / statedMs);
      // The phase first: who is let in now must not find this one at work.
      become({ kind: 'storing' });
      release();
    };
  }

  /** Resolves when the next job should be looked for, or when `stopped` says so. */
  *untilNext(mayTake: () => boolean, stopped: () => boolean): Steps<void> {
    while (!stopped()) {
      const waitMs = mayTake() ? this.#takesInMs() : null;
      if (waitMs !== null && waitMs <= 0) return;
      if (waitMs !== null && Number.isFinite(waitMs)) this.#wakeIn(waitMs);
      yield* waitFor(this.#changed);
      this.#wake();
    }
  }

  /** Something that `untilNext` depends on has changed. */
  #change(): void {
    const changed = this.#changed;
    this.#changed = new Pending();
    changed.resolve();
  }

  /** `untilNext` looks again. */
  lookAgain(): void {
    this.#change();
  }

  #wakeIn(ms: number): void {
    const cancel = this.#options.timers.every(Math.max(1, ms), () => this.#change());
    this.#wake = () => {
      cancel();
      this.#wake = () => {};
    };
  }

  /** Gives back the jobs that have not begun; their attempts do not count. */
  giveBackWaiting(): void {
    this.#giveBack(isAhead);
  }

  /** Gives back all jobs whose result is not there yet. */
  giveBackAll(): void {
    this.#giveBack(({ kind }) => kind !== 'storing');
  }

  #giveBack(which: (phase: Phase) => boolean): void {
    for (const { phase, leave } of [...this.#all.values()]) {
      if (which(phase)) leave.abort(new Error('The worker is leaving.'));
    }
  }

  *#phases(except: { phase: Phase } | null = null): Generator<Phase> {
    for (const own of this.#all.values()) if (own !== except) yield own.phase;
  }

  #adjustLead(wasEarly: boolean): void {
    const next = this.#lead + (wasEarly ? -lead.afterEarly : lead.afterLate);
    this.#lead = Math.min(lead.most, Math.max(lead.least, next));
  }

  /** Milliseconds until a job that is looked for then would find a free slot; infinite while only a change can tell. */
  #takesInMs(): number {
    const phases = [...this.#phases()];
    if (phases.length >= mostPerSlot * this.slots) return Number.POSITIVE_INFINITY;
    const freeInMs = this.#freeInMs(phases);
    if (freeInMs <= 0) return 0;
    const ahead = phases.filter(isAhead).length;
    const free = Math.max(0, this.slots - this.busy);
    if (ahead - free >= mostAheadPerSlot * this.slots) return Number.POSITIVE_INFINITY;
    if (this.#room.taken >= this.#options.mostBytes) return Number.POSITIVE_INFINITY;
    return freeInMs - this.#lead * (this.#fetchMs.quantiles()?.p50 ?? 0);
  }

  #freeInMs(phases: readonly Phase[]): number {
    const now = this.#options.clock.now().getTime();
    return slotFreeInMs(phases, { slots: this.slots, now, patienceMs: this.#usualFetchMs() });
  }

  /** Nine of ten are quicker. 0 before one was timed. */
  #usualFetchMs(): number {
    return this.#fetchMs.quantiles()?.p90 ?? 0;
  }
}

function turnOf({ route, deadlineAt }: Pick<Job, 'route' | 'deadlineAt'>): number {
  return (route.turnAt ?? deadlineAt).getTime();
}
