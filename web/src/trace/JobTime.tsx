import type { JobDetail, JobTrace } from '@spillway/web/api/admin-schema.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { formatDuration } from '../format/duration.ts';
import { now } from '../live/now.ts';
import { runStart, spansOfDocument } from './document-spans.ts';
import { Waterfall } from './Waterfall.tsx';

interface JobTimeProps {
  job: JobDetail;
  /** Null while it is not known. */
  trace: JobTrace | null;
}

/** Where the time of a job went: its waterfall, from its spans, or from its document where there are none. */
export function JobTime({ job, trace }: JobTimeProps) {
  const recorded = trace?.recording.kind === 'file' ? trace.recording.spans : [];
  const spans = recorded.length > 0 ? recorded : spansOfDocument(job);
  // What has ended stays as it is drawn.
  const until = job.endedAt ? job.endedAt.getTime() : now.value;
  return (
    <section class="job-time" aria-labelledby="job-time">
      <h2 id="job-time">Where its time went</h2>
      <p>{timeWords(job)}</p>
      <div class="table-frame">
        <Waterfall job={job} spans={spans} now={until} />
      </div>
      {trace && <RecordingNote trace={trace} />}
    </section>
  );
}

function timeWords(job: JobView): string {
  const from = job.retryOf === null ? 'the upload' : 'the retry';
  if (job.endedAt === null)
    return `It has not ended. Its deadline is ${formatDuration(budgetOf(job))} after ${from}.`;
  const took = job.endedAt.getTime() - runStart(job);
  const left = budgetOf(job) - took;
  const ended = `It ended ${formatDuration(took)} after ${from}`;
  return left >= 0
    ? `${ended}, ${formatDuration(left)} before its deadline.`
    : `${ended}, ${formatDuration(-left)} after its deadline.`;
}

function budgetOf(job: JobView): number {
  return job.deadlineAt.getTime() - runStart(job);
}

const ofDocument =
  'This waterfall has what the job’s document knows: its decisions, claims and attempts, and the steps of the one that succeeded.';

/** Which waterfall this is, and where there is more. */
function RecordingNote({ trace: { traceId, recording } }: { trace: JobTrace }) {
  switch (recording.kind) {
    case 'off':
      return (
        <p class="recording-note">
          {ofDocument} Nothing records the steps of jobs: start the programs with{' '}
          <code>SPILLWAY_TRACES=cloud</code>, <code>otlp</code> or <code>file</code>.
        </p>
      );
    case 'otlp':
      return (
        <p class="recording-note">
          {ofDocument} Every step is where <code>OTEL_EXPORTER_OTLP_ENDPOINT</code> leads
          {traceId ? (
            <>
              , as the trace <code>{traceId}</code>.
            </>
          ) : (
            '.'
          )}
        </p>
      );
    case 'cloud':
      return (
        <p class="recording-note">
          {ofDocument}{' '}
          {recording.url === null ? (
            'The job has no trace.'
          ) : (
            <a href={recording.url} target="_blank" rel="noreferrer">
              Every step of it in Cloud Trace
            </a>
          )}
        </p>
      );
    case 'file': {
      const isDocument = recording.spans.length === 0;
      const why =
        traceId === null ? ' The job has no trace.' : ' The files of traces have none of its steps.';
      return (
        <p class="recording-note">
          {isDocument ? ofDocument + why : `Trace ${traceId}.`} {recording.notes.join(' ')}
        </p>
      );
    }
    default:
      return recording satisfies never;
  }
}
