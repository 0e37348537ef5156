import { useSignal } from '@preact/signals';
import { jobLogsSchema, type JobLogs as Logs } from '@spillway/web/api/admin-schema.ts';
import { useEffect } from 'preact/hooks';
import { Skeleton } from '../components/Skeleton.tsx';
import { requestJson } from '../http/request.ts';

interface JobLogsProps {
  id: string;
  /** Milliseconds since 1970, from which the times of lines count. */
  start: number;
  /** Read again where it changes. */
  revision: number;
}

const severe = /^(ERROR|CRITICAL|ALERT|EMERGENCY)$/;

/** What programs logged of the job, or where it is. */
export function JobLogs({ id, start, revision }: JobLogsProps) {
  const logs = useSignal<Logs | null>(null);
  const problem = useSignal<string | null>(null);
  useEffect(() => {
    void requestJson(`/admin/jobs/${encodeURIComponent(id)}/logs`, jobLogsSchema).then((reply) => {
      problem.value = reply.ok ? null : reply.failure.message;
      if (reply.ok) logs.value = reply.value;
    });
  }, [id, revision]);
  if (problem.value) return <p role="alert">{problem.value}</p>;
  const found = logs.value;
  if (!found) return <Skeleton lines={3} />;
  switch (found.kind) {
    case 'unknown':
      return (
        <p class="quiet-words">
          The site is not told where the programs’ logs are: set <code>SPILLWAY_LOGS_FOLDER</code>.
        </p>
      );
    case 'cloud':
      return (
        <p>
          <a href={found.url} target="_blank" rel="noreferrer">
            Its lines in Cloud Logging
          </a>
        </p>
      );
    case 'file':
      return <LogLines entries={found.entries} notes={found.notes} start={start} />;
    default:
      return found satisfies never;
  }
}

function LogLines({
  entries,
  notes,
  start,
}: Pick<Extract<Logs, { kind: 'file' }>, 'entries' | 'notes'> & { start: number }) {
  return (
    <>
      {entries.length === 0 && <p class="quiet-words">No program has logged anything of it.</p>}
      {entries.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: What scrolls must be reachable by keys.
        <ol class="log-lines" tabIndex={0} aria-label="Lines of logs">
          {entries.map(({ at, severity, program, message, fields }, index) => (
            <li
              key={index}
              class={severe.test(severity) ? 'severe' : severity === 'WARNING' ? 'warning' : ''}
            >
              <time dateTime={at.toISOString()}>{secondsWords(at.getTime() - start)}</time>
              <span class="log-program">{program}</span>
              <span>
                {message}
                {Object.entries(fields).map(([name, value]) => (
                  <span key={name} class="log-field">
                    {' '}
                    {name}={value}
                  </span>
                ))}
              </span>
            </li>
          ))}
        </ol>
      )}
      {notes.length > 0 && <p class="quiet-words">{notes.join(' ')}</p>}
    </>
  );
}

/** Seconds from the job's start: `+1.204`. */
function secondsWords(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${(Math.abs(ms) / 1_000).toFixed(3)}`;
}
