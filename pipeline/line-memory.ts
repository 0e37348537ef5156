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
const afterLoss = 0.08;
const afterClaim = afterLoss / 6;
const afterAllLost = 0.25;

/** A reading may begin this long before the earliest turn that was there, in milliseconds. */
const marginMs = 30_000;
/** A reading from the front of the line follows after this time, in milliseconds, for jobs that were put back there. */
const fromFrontMs = 10_000;
/**
 * Where slots look at shares of the line, one whose share is empty looks at all of it when nobody has for this time, in
 * milliseconds. What waits has a message of its own, so that this is for jobs whose messages were turns of others.
 */
const wholeMs = 1_000;
/** Milliseconds for which nobody looks behind late jobs, after nothing in time was found there. */
const allLateMs = 1_000;

/**
 * What the slots of one worker remember of the VMs' line, so that they run neither into each other nor into other
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
  #front: { turn: number; seenAt: number } | null = null;
  #wholeSeenAt = 0;
  #allLateUntil = 0;

  /** @param random Uniform in [0, 1). */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Whether slots would run into each other if all of them looked at the whole line. */
  get isContended(): boolean {
    return Math.round(this.#step) > 0;
  }

  /**
   * Lanes to look at.
   * @param jobId A job whose lane is to be among them.
   */
  choose(jobId: string | null): Lanes {
    const share = shares[Math.round(this.#step)];
    if (!share || share.of === 1) return wholeLine;
    const { of, chosen } = share;
    const numbers = jobId === null ? [] : [laneNumber(jobId) % of];
    while (numbers.length < chosen) {
      const next = this.#deal(of);
      if (!numbers.includes(next)) numbers.push(next);
    }
    return { of, numbers };
  }

  shuffled<Item>(items: readonly Item[]): Item[] {
    const left = [...items];
    return items.flatMap(() => left.splice(this.#anyOf(left.length), 1));
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
    if (this.#front === null || now.getTime() - this.#front.seenAt >= fromFrontMs) return null;
    return new Date(this.#front.turn - marginMs);
  }

  isWholeDue(now: Date): boolean {
    return now.getTime() - this.#wholeSeenAt >= wholeMs;
  }

  noteReading(found: readonly Stored[], lanes: Lanes, from: Date | null, now: Date): void {
    if (lanes.of === 1) this.#wholeSeenAt = now.getTime();
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
    const [lane = 0] = this.#deck.splice(this.#anyOf(this.#deck.length), 1);
    return lane;
  }

  #anyOf(count: number): number {
    return Math.floor(this.#random() * count);
  }
}
