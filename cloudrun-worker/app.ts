import type { HttpBindings } from '@hono/node-server';
import type { Awaitable } from '@spillway/core/steps.ts';
import type { CallerCheck } from '@spillway/pipeline/callers/check-caller.ts';
import { type Health, statusCodeOf } from '@spillway/pipeline/health.ts';
import { type MetricsPage, tooMany } from '@spillway/pipeline/http/metrics-page.ts';
import type { Outcome } from '@spillway/pipeline/outcome.ts';
import type { Consumer, Delivery } from '@spillway/pipeline/ports/consumer.ts';
import type { Log } from '@spillway/pipeline/ports/ports.ts';
import type { RollupFlush } from '@spillway/pipeline/rollups/flush.ts';
import type { MetricsPush } from '@spillway/pipeline/telemetry/metrics-push.ts';
import { prometheusContentType } from '@spillway/pipeline/telemetry/prometheus.ts';
import { type ProcessTracing, requestFlushMs } from '@spillway/pipeline/telemetry/tracing.ts';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { guardCalls } from './guard-calls.ts';

/** Pub/Sub's largest message, 10 MB, in base64 with all its attributes. Bytes. */
const largestPush = 16 * 1_024 * 1_024;

export interface PushWork {
  /** Operations at a time. */
  slots: number;
  /** Requests at a time. */
  concurrency: number;
  /** Operations under way. */
  busy(): number;
  /** Jobs in its hands. A job counts from the call of `work` on. */
  inFlight(): number;
  /** Why this instance takes no messages now; null while it takes them. */
  unfit(): string | null;
  work(delivery: Delivery): Awaitable<Outcome>;
}

/** What the endpoint has beside the work. */
export interface PushPages {
  check: CallerCheck;
  health: Pick<Health, 'report'>;
  metrics: Pick<MetricsPage, 'text' | 'admit'>;
  metricsPush: Pick<MetricsPush, 'whenDue'>;
  rollupFlush: Pick<RollupFlush, 'whenDue'>;
  tracing: Pick<ProcessTracing, 'flush'>;
  log: Log;
}

/**
 * The push endpoint. It answers when the work is done. 204 lets Pub/Sub forget the message, also where the job failed,
 * because that is recorded. 5xx brings the message again and makes Pub/Sub push more slowly to all instances, so it is
 * used only where this instance, or a service that it needs, is at fault. 429 says that it has as many requests as it takes.
 */
export function createPushApp(
  worker: PushWork,
  { readPush }: Pick<Consumer, 'readPush'>,
  { check, health, metrics, metricsPush, rollupFlush, tracing, log }: PushPages,
): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  // Not `/healthz`: Cloud Run keeps paths that end in z (https://cloud.google.com/run/docs/known-issues#ah).
  app.get('/health', async (context) => {
    const report = await health.report();
    return context.json(
      { ...report, slots: worker.slots, busy: worker.busy(), inFlight: worker.inFlight() },
      statusCodeOf(report),
    );
  });
  guardCalls(app, check);

  // Of the one instance that happens to answer: what all of them have seen is pushed.
  app.get('/metrics', async (context) => {
    if (!metrics.admit(context.env.outgoing)) return context.text(tooMany, 503);
    return context.text(await metrics.text(), 200, { 'Content-Type': prometheusContentType });
  });
  app.use(bodyLimit({ maxSize: largestPush, onError: (context) => context.text('Too large.', 413) }));
  app.post('/push', async (context) => {
    const delivery = readPush(await context.req.text());
    // Nothing is awaited between these checks and the call of `work`: another message could take the same place.
    const unfit = worker.unfit();
    if (unfit !== null) return context.text(unfit, 503);
    if (worker.inFlight() >= worker.concurrency) {
      log.error(
        { concurrency: worker.concurrency },
        'Cloud Run sends more requests at a time than this instance takes, so one was refused: give the service a concurrency of SPILLWAY_CONCURRENCY, or of SPILLWAY_SLOTS where that is not set.',
      );
      return context.text('As many requests as it takes are under way.', 429);
    }
    const outcome = await worker.work(delivery);
    // After the answer there is no processor time, unless other requests are under way.
    const rests = worker.inFlight() === 0;
    await Promise.all([
      metricsPush.whenDue(),
      rollupFlush.whenDue(),
      rests ? tracing.flush(requestFlushMs) : null,
    ]);
    return outcome.ack ? context.body(null, 204) : context.text('Try again later.', 503);
  });
  app.onError((error, context) => {
    log.error({ error }, 'The push endpoint failed.');
    return context.text('Internal error.', 500);
  });
  return app;
}
