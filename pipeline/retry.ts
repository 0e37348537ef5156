import type { Span } from '@opentelemetry/api';
import { isTerminal, type Job } from '@spillway/core/job.ts';
import { isOperationName, parseOptions } from '@spillway/core/operations.ts';
import { spanAttributes } from '@spillway/core/spans.ts';
import { overTime, type Steps } from '@spillway/core/steps.ts';
import { enqueue } from './enqueue.ts';
import type { Ports } from './ports/ports.ts';
import { linksTo, traced, traceFromHere } from './telemetry/traced.ts';

export type Retried =
  | { kind: 'retried'; job: Job }
  | { kind: 'refused'; why: 'unknown' | 'not_ended' | 'deleted' | 'succeeded' | 'not_runnable' };

/**
 * Runs an ended job once more, as a new job of run n+1: terminal states never change. Pressing twice gives one
 * new job. Throws `OutageError`.
 */
export async function retryJob(id: string, ports: Ports): Promise<Retried> {
  const stored = await ports.jobs.get(id);
  if (!stored) return { kind: 'refused', why: 'unknown' };
  const { job } = stored;
  if (job.deletedAt) return { kind: 'refused', why: 'deleted' };
  if (!isTerminal(job.state)) return { kind: 'refused', why: 'not_ended' };
  if (job.state === 'succeeded') return { kind: 'refused', why: 'succeeded' };
  if (!isRunnable(job)) return { kind: 'refused', why: 'not_runnable' };
  const { operation, options, owner, source, batch, batchIndex, upload } = job;
  const request = { operation, options, owner, source, batch, batchIndex, upload };
  // A person who presses the button waits for this one, however large its batch was.
  const single = { class: 'interactive', batchSize: null } as const;
  const clockStartsAt = ports.clock.now();
  function* again(span: Span): Steps<Retried> {
    const trace = traceFromHere(job);
    const run = { run: job.run + 1, retryOf: job.id, rerunOf: null, clockStartsAt, trace };
    const enqueued = yield* enqueue({ ...request, ...single, ...run }, ports);
    span.setAttribute(spanAttributes.jobId, enqueued.job.id);
    return { kind: 'retried', job: enqueued.job };
  }
  const details = { links: linksTo(job.trace), attributes: { [spanAttributes.retryOf]: job.id } };
  return overTime(traced('retry', job, again, ports, details));
}

/** A job that was refused for what came with it, or whose operation is no more, names nothing that could be run. */
function isRunnable({ operation, options, error }: Job): boolean {
  if (error?.code === 'invalid_options' || error?.code === 'invalid_text') return false;
  return isOperationName(operation) && parseOptions(operation, options).ok;
}
