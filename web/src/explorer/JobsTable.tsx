import { type Signal, useComputed, useSignal } from '@preact/signals';
import { countOf, formatBytes } from '@spillway/core/amounts.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { useEffect, useMemo } from 'preact/hooks';
import type { AdminConnection } from '../admin/admin-connection.ts';
import { Icon } from '../components/Icon.tsx';
import { OperationName } from '../components/OperationName.tsx';
import { formatAge, formatDuration } from '../format/duration.ts';
import { displayName } from '../format/file-name.ts';
import { jobPageUrl } from '../jobs/job-actions.ts';
import { isRouted, newestFirst } from '../jobs/job-order.ts';
import { reasonLabel } from '../jobs/reasons.ts';
import { movedWords, stateLabel, targetLabel } from '../jobs/words.ts';
import { now } from '../live/now.ts';
import { JobDialog } from './JobDialog.tsx';
import {
  type JobFilters,
  noFilters,
  operationFilters,
  passes,
  stateFilters,
  targetFilters,
} from './job-filters.ts';
import { createLoadedJobs } from './loaded-jobs.ts';

const rowsAtFirst = 50;
const rowsMore = 100;

/** The newest jobs of everybody, with filters. */
export function JobsTable({ admin }: { admin: AdminConnection }) {
  const loaded = useMemo(() => createLoadedJobs(admin), [admin]);
  useEffect(() => loaded.follow(), [loaded]);
  const opened = useSignal<string | null>(null);
  const openedJob = opened.value === null ? undefined : loaded.cache.jobs.value.get(opened.value);
  const filters = useSignal<JobFilters>(noFilters);
  const most = useSignal(rowsAtFirst);
  const jobs = useComputed(() =>
    [...loaded.cache.jobs.value.values()].filter((job) => passes(job, filters.value)).sort(newestFirst),
  );
  const shown = jobs.value.slice(0, most.value);
  const hasMore = jobs.value.length > most.value || loaded.cursor.value !== null;
  const showMore = async () => {
    if (jobs.value.length < most.value + rowsMore) await loaded.loadEarlier();
    most.value += rowsMore;
  };
  return (
    <section class="jobs" aria-labelledby="jobs-title">
      <header class="section-head">
        <h2 id="jobs-title">Jobs</h2>
        <p>{countOf(jobs.value.length, 'job')} loaded</p>
        <Filters filters={filters} />
      </header>
      {shown.length === 0 ? (
        <div class="empty">
          <p>{loaded.cache.jobs.value.size === 0 ? 'No jobs yet.' : 'No job passes these filters.'}</p>
          {loaded.cache.jobs.value.size === 0 && (
            <p class="for-visitors">
              <a href="/">Send a picture</a> and watch where it goes.
            </p>
          )}
        </div>
      ) : (
        <div class="table-frame">
          <table>
            <thead>
              <tr>
                <th scope="col">State</th>
                <th scope="col">File</th>
                <th scope="col">Went to</th>
                <th scope="col" class="figure-cell wide">
                  Waited
                </th>
                <th scope="col" class="figure-cell wide">
                  Total
                </th>
                <th scope="col" class="figure-cell wide">
                  Tries
                </th>
                <th scope="col" class="figure-cell">
                  Age
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((job) => (
                <JobRow key={job.id} job={job} onOpen={(id) => (opened.value = id)} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {hasMore && shown.length > 0 && (
        <button type="button" class="button more" onClick={() => void showMore()}>
          Show more
        </button>
      )}
      {openedJob && <JobDialog key={openedJob.id} job={openedJob} onClose={() => (opened.value = null)} />}
    </section>
  );
}

function JobRow({ job, onOpen }: { job: JobView; onOpen(id: string): void }) {
  const { route, timings } = job;
  return (
    <tr>
      <td>
        <span class={`state ${job.state}`}>{stateLabel(job)}</span>
        <small>
          <a href={jobPageUrl(job.id)} aria-label={`Waterfall of ${displayName(job.source.name)}`}>
            waterfall
          </a>
        </small>
      </td>
      <td class="file-cell">
        <button type="button" class="link" onClick={() => onOpen(job.id)}>
          {displayName(job.source.name)}
        </button>
        <small>
          <OperationName operation={job.operation} /> · {formatBytes(job.source.size)}
        </small>
      </td>
      <td class="route-cell">
        {isRouted(job) ? (
          <>
            <span class={`side ${route.target}`}>
              {targetLabel(route.target)}
              <small class="route-reason">{reasonLabel(route.reason)}</small>
              {/* A new element at every move, so that it draws the eye each time. */}
              {route.epoch > 0 && (
                <small key={route.epoch} class="route-moved">
                  <Icon name="moved" />
                  {movedWords(route)}
                </small>
              )}
            </span>
            <small class="route-words">{route.explanation}</small>
          </>
        ) : (
          <small>{job.endedAt ? 'not routed' : reasonLabel(route.reason)}</small>
        )}
      </td>
      <td class="figure-cell wide">{timings ? formatDuration(timings.waitMs) : '–'}</td>
      <td class="figure-cell wide">{timings ? formatDuration(timings.totalMs) : '–'}</td>
      <td class="figure-cell wide">{job.attempt}</td>
      <td class="figure-cell">
        <Age since={job.createdAt} />
      </td>
    </tr>
  );
}

/** Reads the clock by itself, so that a second passing does not draw the rows again. */
function Age({ since }: { since: Date }) {
  return <>{formatAge(now.value - since.getTime())}</>;
}

function Filters({ filters }: { filters: Signal<JobFilters> }) {
  const { state, operation, target } = filters.value;
  const set = (change: Partial<JobFilters>) => (filters.value = { ...filters.value, ...change });
  return (
    <div class="filters">
      <Filter label="State" value={state} choices={stateFilters} onChoose={(next) => set({ state: next })} />
      <Filter
        label="Operation"
        value={operation}
        choices={operationFilters()}
        onChoose={(next) => set({ operation: next })}
      />
      <Filter
        label="Side"
        value={target}
        choices={targetFilters}
        onChoose={(next) => set({ target: next })}
      />
    </div>
  );
}

interface FilterProps<Value extends string> {
  label: string;
  value: Value;
  choices: { value: Value; label: string }[];
  onChoose(value: Value): void;
}

function Filter<Value extends string>({ label, value, choices, onChoose }: FilterProps<Value>) {
  return (
    <label>
      <span class="visually-hidden">{label}</span>
      <select
        value={value}
        onChange={(event) => {
          const chosen = choices.find((choice) => choice.value === event.currentTarget.value);
          if (chosen) onChoose(chosen.value);
        }}
      >
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
    </label>
  );
}
