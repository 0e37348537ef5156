import { setTimeout as delay } from 'node:timers/promises';
import { type Background, singleFlight } from '@spillway/core/background.ts';
import type { MetricsOutput, Origin, OwnMetrics } from '../ports/metrics.ts';
import type { Timers } from '../ports/ports.ts';
import { within } from '../within.ts';

/** From one write to the next. Milliseconds. */
const everyMs = 60_000;
/**
 * A program that works during requests alone begins with this time and doubles it with each write: its instance may end
 * at any time after a request, and then loses what it counted since. A young one loses little, and one that goes on for
 * long costs no more points than others. Milliseconds.
 */
const everyMsAtFirst = 10_000;
/** A request is held up by a write no longer than this; the write goes on. Milliseconds. */
const longestHoldMs = 1_000;
/** A timer of a minute may come this much early by the clock. Milliseconds. */
const timerSlackMs = 1_000;
/** After failures the next write is tried later and later, up to this time. Milliseconds. */
const longestPauseMs = 600_000;
/**
 * Cloud Monitoring takes no two points of a series that are closer. Milliseconds.
 * @see https://cloud.google.com/monitoring/quotas#custom_metrics_quotas
 */
const leastApartMs = 5_000;

/** A program that ends waits no longer than this. Milliseconds. */
const longestStopMs = 3_000;

/** Sends what this process has seen to where its metrics are kept: now and then, and at its end. */
export interface MetricsPush extends Background {
  /**
   * Writes where it is time for that and there is news. For programs whose timers stand still between requests: to be
   * awaited before the answer, after which there is no processor time. Never rejects, and takes a second at most.
   */
  whenDue(): Promise<void>;
  /** Writes what is not written yet. Resolves within some seconds, whether that was possible or not; never rejects. */
  stop(): Promise<void>;
}

export interface PushedMetrics {
  /** Null where nobody reads what this program would write. */
  output: MetricsOutput | null;
  metrics: OwnMetrics;
  origin: Origin;
  /** Of a program that always runs; null for one that works during requests alone, which calls `whenDue`. */
  timers: Timers | null;
  /** Milliseconds of a clock that goes on while the process stands still. */
  now?: () => number;
}

export function startMetricsPush({
  output,
  metrics,
  origin,
  timers,
  now = Date.now,
}: PushedMetrics): MetricsPush {
  // Many a process that works during requests has one alone.
  const startedAt = timers ? now() : Number.NEGATIVE_INFINITY;
  let latestAt = Number.NEGATIVE_INFINITY;
  let writes = 0;
  let failures = 0;
  let toldBefore = 0;

  const flight = singleFlight(async () => {
    if (output === null) return;
    latestAt = now();
    const { told } = metrics;
    if (await output.write(await metrics.read(), origin)) {
      writes++;
      failures = 0;
      toldBefore = told;
    } else {
      failures++;
    }
  });
  const usualPauseMs = () =>
    timers ? everyMs : Math.min(everyMs, everyMsAtFirst * 2 ** Math.max(0, writes - 1));
  const slackMs = timers ? timerSlackMs : 0;
  const pauseMs = () => Math.min(longestPauseMs, usualPauseMs() * 2 ** failures) - slackMs;
  const isDue = () => now() - Math.max(startedAt, latestAt) >= pauseMs();
  const hasNews = () => output !== null && metrics.told !== toldBefore;

  // A series without gaps tells a time without jobs from one without points.
  const stopTimer = timers?.every(everyMs, () => {
    if (isDue()) void flight.run();
  });

  async function writeLast(): Promise<void> {
    await flight.landed();
    // What does not take metrics now would only hold up the end.
    if (!hasNews() || failures > 0) return;
    const early = latestAt + leastApartMs - now();
    // Cloud Monitoring would refuse a point that comes earlier, and the program cannot wait that long.
    if (early > longestStopMs) return;
    if (early > 0) await delay(early);
    await flight.run();
  }

  return {
    async whenDue() {
      if (isDue() && hasNews()) {
        await within(longestHoldMs, Promise.resolve(flight.run()));
      }
    },
    async stop() {
      stopTimer?.();
      await within(longestStopMs, writeLast());
    },
  };
}
