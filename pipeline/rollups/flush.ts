import { randomUUID } from 'node:crypto';
import { type Background, singleFlight } from '@spillway/core/background.ts';
import { RefusedError } from '@spillway/core/errors.ts';
import { type Shard, shardContent, shardId } from '@spillway/core/rollups/document.ts';
import { keptShardsMs } from '@spillway/core/rollups/levels.ts';
import type { Clock, Log, Timers } from '../ports/ports.ts';
import type { MetricsDocument, MetricsDocuments, OwnRecords } from '../ports/rollups.ts';
import { within } from '../within.ts';

/** From one write to the next. A program that is killed loses what it was told since. Milliseconds. */
const everyMs = 20_000;
/**
 * A program that works during requests alone writes at its first request, and then no more often than this: its instance may
 * stand still or end at any time after a request. Milliseconds.
 */
const everyMsOfRequests = 10_000;
/** A request is held up by a write no longer than this; the write goes on. Milliseconds. */
const longestHoldMs = 1_000;
/** A program that ends waits no longer than this. Milliseconds. */
const longestStopMs = 3_000;

export interface FlushedRecords {
  metricsDocuments: MetricsDocuments;
  ownRecords: OwnRecords;
  clock: Clock;
  log: Log;
}

/** Writes what this process has told its recorder as shards of the rollups: now and then, and at its end. */
export interface RollupFlush extends Background {
  /**
   * Writes where it is time for that, or an admin has changed something. For programs whose timers stand still between requests: to be awaited before the
   * answer. Never rejects, and takes a second at most.
   */
  whenDue(): Promise<void>;
  /** Writes what is not written yet. Resolves within some seconds; never rejects. */
  stop(): Promise<void>;
}

/**
 * Each process has shards of its own, so no document is written by two, and each shard is written once. A shard whose write
 * was cut off is written again under the same id, which counts once.
 * @param program Names the writer, together with a random word.
 * @param timers Of a program that always runs; null for one that works during requests alone, which calls `whenDue`.
 */
export function startRollupFlush(
  program: string,
  { metricsDocuments, ownRecords, clock, log }: FlushedRecords,
  timers: Timers | null,
): RollupFlush {
  const writer = `${program}-${randomUUID().slice(0, 8)}`;
  const pauseMs = timers ? everyMs : everyMsOfRequests;
  let number = 0;
  let latestAt = Number.NEGATIVE_INFINITY;
  let pending: MetricsDocument | null = null;
  let isWarnedOf = false;

  const flight = singleFlight(async () => {
    latestAt = Date.now();
    try {
      if (pending === null) pending = nextShard();
      if (pending === null) return;
      await metricsDocuments.create(pending);
      pending = null;
      isWarnedOf = false;
    } catch (error) {
      if (error instanceof RefusedError && error.scope === 'request') {
        // It would be refused again each time, and what comes after it would wait behind it for ever.
        pending = null;
        log.error({ error }, 'What this program counted within some seconds is lost: it was refused.');
        return;
      }
      if (!isWarnedOf) log.warn({ error }, 'What this program counts could not be written; it tries again.');
      isWarnedOf = true;
    }
  });

  function nextShard(): MetricsDocument | null {
    const seen = ownRecords.take();
    if (seen === null) return null;
    const shard: Shard = { writer, number: ++number, seen };
    const now = clock.now();
    return {
      id: shardId(shard, now),
      content: shardContent(shard),
      expiresAt: new Date(now.getTime() + keptShardsMs),
    };
  }

  const hasNews = () => pending !== null || ownRecords.hasNews;
  const stopTimer = timers?.every(everyMs, () => void flight.run());

  async function writeLast(): Promise<void> {
    await flight.landed();
    if (hasNews()) await flight.run();
    // What was pending is written now, and what came after it is not.
    if (pending === null && ownRecords.hasNews) await flight.run();
  }

  return {
    async whenDue() {
      if (ownRecords.hasMarks || (hasNews() && Date.now() - latestAt >= pauseMs)) {
        await within(longestHoldMs, Promise.resolve(flight.run()));
      }
    },
    async stop() {
      stopTimer?.();
      await within(longestStopMs, writeLast());
    },
  };
}
