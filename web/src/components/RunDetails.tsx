import { countOf } from '@spillway/core/amounts.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import type { ComponentChildren } from 'preact';
import { formatDuration } from '../format/duration.ts';
import { bulkNote, targetLabel } from '../jobs/words.ts';
import { Icon } from './Icon.tsx';

/** Where a job ran and why. */
export function RunDetails({ job }: { job: JobView }) {
  const { timings, result } = job;
  return (
    <details class="run-details">
      <summary>
        <Icon name="more" />
        {job.state === 'succeeded' ? 'Ran on' : 'Routed to'} {targetLabel(job.route.target)}
      </summary>
      <p>{job.route.explanation}</p>
      {job.class === 'bulk' && <p>{bulkNote}</p>}
      <dl class="facts">
        {timings && (
          <>
            <Fact name="Waited">{formatDuration(timings.waitMs + timings.slotWaitMs)}</Fact>
            <Fact name="Took">
              {formatDuration(timings.downloadMs + timings.processMs + timings.storeMs)}
            </Fact>
          </>
        )}
        {job.attempt > 1 && <Fact name="Tries">{countOf(job.attempt, 'attempt')}</Fact>}
        {result && result.width > 0 && (
          <Fact name="Size">
            {result.width} × {result.height}
          </Fact>
        )}
        {result?.model && <Fact name="Model">{result.model.name}</Fact>}
      </dl>
    </details>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
