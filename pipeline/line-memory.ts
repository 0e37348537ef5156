import { type LaneCount, type Lanes, laneNumber, wholeLine } from '@spillway/core/routing/lanes.ts';
import type { Stored } from './ports/jobs.ts';

/** How much of the line a slot looks at, from all of it to a 128th: each step is half of the one before. */
const shares: readonly { of: LaneCount; chosen: number }[] = [
  { of: 1, chosen: 1 },
  { of: 4, chosen: 2 },
  { of: 16, chosen: 4 },
  { of: 16, chosen: 2 },
  { of: 64, chosen: 4 },
  { of: 64, chosen: 2 },
  { of: 256, chosen: 4 },
  { of: 256, chosen: 2 },
];
/**
 * Steps by which a lost race makes the share smaller, and a claim that goes well makes it larger. They balance where one
 * write in seven is lost: the share is then as large, and the order as exact, as the number of slots allows. Found with
 * `npm run bench -- line`.
 */
const afterLoss = 0.1;
const afterClaim = afterLoss / 6;
const afterAllLost = 0.25;

/** A reading may begin this long before the earliest turn that was there, in milliseconds. */
const marginMs = 30_000;
/** A reading from the front of the line follows after this time, in milliseconds, for jobs that were put back there. */
const fromFrontMs = 10_000;
/** Milliseconds for which nobody looks behind late jobs, after nothing in time was found there. */
const allLateMs = 1_000;

/**
 * What the slots of one worker remember of the VMs' line, so that they neither run into each other nor into other
 * workers.
 */
export class LineMemory {
  /** Jobs that a slot of this worker is about to claim. */
  readonly trying = new Set<string>();
  readonly #random: () => number;
  #step = 0;
  /** Lanes that are still to be looked at before any is looked at again. */
  #deck: number[] = [];
  #deckOf: LaneCount = 1;
  #isShort = true;
  #front: { turn: number; seenAt: number } | null = null;
  #allLateUntil = 0;

  /** @param random Uniform in [0, 1). */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /**
   * Lanes for a first look.
   * @param jobId A job that waits as far as is known, whose lane is then among them.
   */
  choose(jobId: string | null): Lanes {
    const share = shares[Math.round(this.#step)];
    if (!share || share.of === 1 || (this.#isShort && jobId === null)) return wholeLine;
    const { of, chosen } = share;
    const numbers = jobId === null ? [] : [laneNumber(jobId) % of];
    while (numbers.length < chosen) {
      const next = this.#deal(of);
      if (!numbers.includes(next)) numbers.push(next);
    }
    return { of, numbers };
  }

  won(): void {
    this.#step = Math.max(0, this.#step - afterClaim);
  }

  lost(): void {
    this.#step = Math.min(shares.length - 1, this.#step + afterLoss);
  }

  /** Others were quicker with all that a reading gave: the share is far too large. */
  lostAll(): void {
    this.#step = Math.min(shares.length - 1, this.#step + afterAllLost);
  }

  /** The turn from which on the line is read; null: from its front. */
  from(now: Date): Date | null {
    if (this.#front === null || now.getTime() - this.#front.seenAt > fromFrontMs) return null;
    return new Date(this.#front.turn - marginMs);
  }

  noteReading(found: readonly Stored[], { lanes, limit, from }: LineReading, now: Date): void {
    if (found.length >= limit) this.#isShort = false;
    else if (lanes.of === 1) this.#isShort = true;
    if (from !== null) return;
    // A job that comes later has a turn after now, whatever waits.
    const turn = found[0]?.job.route.turnAt ?? now;
    this.#front = { turn: Math.min(turn.getTime(), now.getTime()), seenAt: now.getTime() };
  }

  noteAllLate(now: Date): void {
    this.#allLateUntil = now.getTime() + allLateMs;
  }

  isAllLate(now: Date): boolean {
    return now.getTime() < this.#allLateUntil;
  }

  /** Each lane comes once before one comes again, so that none is forgotten. */
  #deal(of: LaneCount): number {
    if (this.#deckOf !== of || this.#deck.length === 0) {
      this.#deckOf = of;
      this.#deck = Array.from({ length: of }, (_, lane) => lane);
    }
    const at = Math.floor(this.#random() * this.#deck.length);
    const lane = this.#deck[at] ?? 0;
    this.#deck[at] = this.#deck.at(-1) ?? lane;
    this.#deck.pop();
    return lane;
  }
}

export interface LineReading {
  lanes: Lanes;
  limit: number;
  from: Date | null;
}
