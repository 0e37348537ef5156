import type { Span } from '@opentelemetry/api';
import type { Job } from '@spillway/core/job.ts';
import { spanAttributes } from '@spillway/core/spans.ts';
import { overTime, type Steps } from '@spillway/core/steps.ts';
import type { JobRequest } from '@spillway/core/transitions.ts';
import { type Enqueued, enqueue } from './enqueue.ts';
import type { Ports } from './ports/ports.ts';
import { linksTo, traced, traceFromHere } from './telemetry/traced.ts';

/** What a person can ask for of a source that is there already. The rest is as it was at the job that was shown. */
export type AskedAgain = Pick<
  JobRequest,
  'operation' | 'options' | 'class' | 'batchSize' | 'run' | 'retryOf' | 'rerunOf'
>;

/**
 * Makes a job on the source of `shown`, in the same batch and of the same owner. Its objective's clock starts now.
 * Asking twice for the same run gives one job. Throws `OutageError`.
 */
export function askAgain(shown: Job, asked: AskedAgain, ports: Ports): Promise<Enqueued> {
  const { owner, source, batch, batchIndex, upload } = shown;
  const clockStartsAt = ports.clock.now();
  function* again(span: Span): Steps<Enqueued> {
    const trace = traceFromHere(shown);
    const rulePrefix = shown.search?.source.slice(`${source.bucket}/`.length) ?? null;
    const enqueued = yield* enqueue(
      { owner, source, batch, batchIndex, upload, rulePrefix, ...asked, clockStartsAt, trace },
      ports,
    );
    span.setAttribute(spanAttributes.jobId, enqueued.job.id);
    return enqueued;
  }
  const attributes = { [spanAttributes.retryOf]: shown.id };
  return overTime(traced('retry', shown, again, ports, { links: linksTo(shown.trace), attributes }));
}
