import type { Job } from '@spillway/core/job.ts';
import type { RouterState } from '@spillway/core/routing/state.ts';
import { begin, waitFor } from '@spillway/core/steps.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { Fifo } from '../fifo.ts';
import type { Engine, Repetition } from '../virtual-time.ts';

/** What a decision for Cloud Run costs counts for this time, give or take a minute. Milliseconds. */
const spendingMs = 3_600_000;
const minuteMs = 60_000;

export interface IdleTimeParts {
  engine: Engine;
  /** Without latencies. */
  database: Pick<Ports, 'fleet' | 'sums' | 'routerStates'>;
  heartbeatMs: number;
  sweepMs: number;
  /** Whether a job has been created that has not ended. */
  hasOpenJobs(): boolean;
}

/**
 * Leaves out heartbeats and sweeps where each would be like the one before, so that idle hours cost nothing. The result
 * of a run is the same to the last digit.
 *
 * A sweep changes something because a document was written, or because one has come to an age. The world is idle when
 * all jobs have ended and nothing has been written since each VM has beaten and sweeps have gone by. It stays so until
 * the next event, or until something is forgotten: what was spent an hour ago, the heartbeat of an instance that has
 * ended. Some time before that, heartbeats begin again, and after them sweeps.
 */
export class IdleTime {
  readonly #parts: IdleTimeParts;
  readonly #beats: Repetition[] = [];
  #sweeps: Repetition | null = null;
  /** When jobs were sent to Cloud Run within the last hour. */
  readonly #spent = new Fifo<number>();
  #spentLastAt = 0;
  #changedAt = 0;

  constructor(parts: IdleTimeParts) {
    this.#parts = parts;
  }

  addBeats(beats: Repetition): void {
    this.#beats.push(beats);
  }

  setSweeps(sweeps: Repetition): void {
    this.#sweeps = sweeps;
  }

  /** A document is written for another reason than that time has passed. */
  changed(): void {
    this.#changedAt = this.#parts.engine.ms;
  }

  jobChanged({ route }: Job): void {
    this.changed();
    const decidedAt = route.at.getTime();
    if (route.target === 'run' && decidedAt !== this.#spentLastAt) {
      this.#spentLastAt = decidedAt;
      this.#spent.push(decidedAt);
    }
  }

  /** To be called when no sweep is under way. */
  leaveOut(): void {
    const { engine, heartbeatMs, sweepMs } = this.#parts;
    if (this.#isChanging()) this.changed();
    // Whatever was written is in the heartbeats and in the router's state when each has been written twice.
    if (engine.ms - this.#changedAt < 2 * (heartbeatMs + sweepMs)) return;
    const end = Math.min(engine.nextEventMs, this.#forgottenAt());
    const sweepsFrom = end - 3 * sweepMs;
    const beatsFrom = sweepsFrom - heartbeatMs - sweepMs;
    if (beatsFrom <= engine.ms || !Number.isFinite(end)) return;
    for (const beats of this.#beats) beats.leaveOutBefore(beatsFrom);
    this.#sweeps?.leaveOutBefore(sweepsFrom);
  }

  #isChanging(): boolean {
    const { engine, database, heartbeatMs, hasOpenJobs } = this.#parts;
    if (hasOpenJobs()) return true;
    const lately = new Date(engine.now().getTime() - 2 * minuteMs);
    return (
      this.#workers.some(({ kind, ageMs }) => kind === 'vm' && ageMs > heartbeatMs + 1_000) ||
      watchesCloudRun(answerOf(database.routerStates.read())) ||
      answerOf(database.sums.failedSince('run', lately, 1)).length > 0
    );
  }

  /** When a sweep will next do something only because time has passed. */
  #forgottenAt(): number {
    const { ms } = this.#parts.engine;
    const instances = this.#workers.filter(({ kind }) => kind === 'run');
    const forgotten = instances.map(({ expiresAt }) => expiresAt.getTime());
    for (;;) {
      const spentAt = this.#spent.first;
      if (spentAt === undefined) break;
      if (spentAt + spendingMs + minuteMs >= ms) {
        forgotten.push(spentAt + spendingMs - minuteMs);
        break;
      }
      this.#spent.shift();
    }
    return Math.min(...forgotten);
  }

  get #workers() {
    return answerOf(this.#parts.database.fleet.read()).workers;
  }
}

/** Sweeps then judge it anew as time passes. */
function watchesCloudRun({ breaker, push }: RouterState): boolean {
  return breaker.state !== 'closed' || breaker.trips > 0 || push.heldSince !== null || push.window !== null;
}

/** The database in memory answers at once. */
function answerOf<Answer>(answer: Answer): Awaited<Answer> {
  return begin(waitFor(answer)) as Awaited<Answer>;
}
