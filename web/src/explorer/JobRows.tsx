import type { Signal } from '@preact/signals';
import { formatBytes } from '@spillway/core/amounts.ts';
import { durationMs } from '@spillway/core/job-search.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { useEffect } from 'preact/hooks';
import { OperationName } from '../components/OperationName.tsx';
import { formatAge, formatDuration, formatMoment } from '../format/duration.ts';
import { displayName } from '../format/file-name.ts';
import { jobPageUrl } from '../jobs/job-actions.ts';
import { isRouted } from '../jobs/job-order.ts';
import { rememberListed } from '../jobs/listed-jobs.ts';
import { movedWords, stateLabel, targetLabel } from '../jobs/words.ts';
import { now } from '../live/now.ts';
import { whatMatters } from './job-row-words.ts';

interface JobRowsProps {
  jobs: readonly JobView[];
  selected: Signal<ReadonlySet<string>>;
}

/** One line a job. */
export function JobRows({ jobs, selected }: JobRowsProps) {
  useEffect(() => {
    const ids = jobs.map(({ id }) => id);
    rememberListed(ids, location.pathname + location.search);
  }, [jobs]);
  const all = jobs.length > 0 && jobs.every(({ id }) => selected.value.has(id));
  const selectAll = () => (selected.value = new Set(all ? [] : jobs.map(({ id }) => id)));
  const toggle = (id: string) => {
    const next = new Set(selected.peek());
    if (!next.delete(id)) next.add(id);
    selected.value = next;
  };
  return (
    <div class="table-frame explorer-table">
      <table>
        <thead>
          <tr>
            <th scope="col" class="col-select">
              <input
                type="checkbox"
                aria-label="Select all jobs on this page"
                checked={all}
                onChange={selectAll}
              />
            </th>
            <th scope="col" class="col-state">
              State
            </th>
            <th scope="col" class="col-file">
              File
            </th>
            <th scope="col" class="col-operation wide">
              Operation
            </th>
            <th scope="col" class="col-why wide">
              Why
            </th>
            <th scope="col" class="col-side">
              Side
            </th>
            <th scope="col" class="col-worker wider">
              Worker
            </th>
            <th scope="col" class="col-owner wider">
              Owner
            </th>
            <th scope="col" class="figure-cell widest">
              Waited
            </th>
            <th scope="col" class="figure-cell wide">
              Total
            </th>
            <th scope="col" class="figure-cell col-tries wide">
              Tries
            </th>
            <th scope="col" class="figure-cell col-age">
              Age
            </th>
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <JobRow key={job.id} job={job} selected={selected.value.has(job.id)} onToggle={toggle} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface JobRowProps {
  job: JobView;
  selected: boolean;
  onToggle(id: string): void;
}

function JobRow({ job, selected, onToggle }: JobRowProps) {
  const { id, route, timings, source } = job;
  const name = displayName(source.name);
  const why = whatMatters(job);
  const took = durationMs(job);
  const moved = movedWords(route);
  return (
    <tr class={selected ? 'selected' : undefined} data-job={id}>
      <td class="col-select">
        <input
          type="checkbox"
          aria-label={`Select ${name}`}
          checked={selected}
          onChange={() => onToggle(id)}
        />
      </td>
      <td>
        <span class={`state ${job.state}`}>{stateLabel(job)}</span>
      </td>
      <td>
        <a class="job-link" href={jobPageUrl(id)} title={`${source.name} · ${formatBytes(source.size)}`}>
          {name}
        </a>
        <small class="why-below" title={why}>
          {why}
        </small>
      </td>
      <td class="wide">
        <OperationName operation={job.operation} />
      </td>
      <td class={`wide why ${job.state === 'failed' ? 'failure' : ''}`} title={why}>
        <span>{why}</span>
      </td>
      <td class="col-side-cell">
        {isRouted(job) ? (
          <span class={`side ${route.target}`} title={moved ?? undefined}>
            {targetLabel(route.target)}
            {moved !== null && <span class="moved-mark">moved</span>}
          </span>
        ) : (
          '–'
        )}
      </td>
      <td class="wider" title={job.claim?.worker}>
        {job.claim?.worker ?? '–'}
      </td>
      <td class="wider" title={job.owner ?? undefined}>
        {job.owner ?? '–'}
      </td>
      <td class="figure-cell widest">{timings ? formatDuration(timings.waitMs) : '–'}</td>
      <td class="figure-cell wide">{took === null ? '–' : formatDuration(took)}</td>
      <td class="figure-cell wide">{job.attempt}</td>
      <td class="figure-cell" title={formatMoment(job.createdAt)}>
        <Age since={job.createdAt} />
      </td>
    </tr>
  );
}

/** Reads the clock by itself, so that a second passing does not draw the rows again. */
function Age({ since }: { since: Date }) {
  return <>{formatAge(now.value - since.getTime())}</>;
}
