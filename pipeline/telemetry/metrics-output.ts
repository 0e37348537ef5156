import { messageOf } from '@spillway/core/errors.ts';
import type { MetricsOutput, MetricsService } from '../ports/metrics.ts';
import type { Clock, Log } from '../ports/ports.ts';

/** A service that fails now and then is warned of once in this time. Milliseconds. */
const warnedForMs = 600_000;

/**
 * Says once that metrics cannot be written, and once that they are written again. Nothing is kept for later: counters go
 * on, so the next write has what this one had. An alarm looks for the sentences in the log (terraform/alerts.tf).
 */
export function createMetricsOutput(
  service: MetricsService,
  { log, clock }: { log: Log; clock: Clock },
): MetricsOutput {
  /** What fails now: metrics of this process, gauges of the system, or both. */
  const failing = new Set<'own' | 'system'>();
  let warnedAt = Number.NEGATIVE_INFINITY;
  let isWarnedOf = false;

  function fails(what: 'own' | 'system', error: unknown): void {
    failing.add(what);
    const now = clock.now().getTime();
    if (isWarnedOf || now - warnedAt < warnedForMs) return;
    isWarnedOf = true;
    warnedAt = now;
    log.warn({ error }, `Metrics cannot be written. ${messageOf(error)}`);
  }

  function works(what: 'own' | 'system'): void {
    failing.delete(what);
    if (failing.size > 0 || !isWarnedOf) return;
    isWarnedOf = false;
    log.info({}, 'Metrics are written again.');
  }

  return {
    async write(metrics, origin) {
      const what = origin === null ? 'system' : 'own';
      try {
        await service.write(metrics, origin);
        works(what);
        return true;
      } catch (error) {
        fails(what, error);
        return false;
      }
    },
  };
}
