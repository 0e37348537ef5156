import { useSignal } from '@preact/signals';
import { failureCodes } from '@spillway/core/errors.ts';
import { causesSchema } from '@spillway/web/api/admin-schema.ts';
import { useEffect } from 'preact/hooks';
import type { z } from 'zod';
import { formatMoment } from '../format/duration.ts';
import { displayName } from '../format/file-name.ts';
import { requestJson } from '../http/request.ts';
import { jobPageUrl } from '../jobs/job-actions.ts';
import { operationLabel } from '../jobs/words.ts';
import { type ExplorerAddress, filtersIn, searchOf } from './explorer-address.ts';
import { JobPicture } from './JobPicture.tsx';
import { countWords } from './job-row-words.ts';
import type { MassActions } from './mass-actions.ts';

type Cause = z.infer<typeof causesSchema>['causes'][number];

interface CausesProps {
  address: ExplorerAddress;
  actions: MassActions;
}

/** Why jobs failed, of all that match, the most frequent cause first. */
export function Causes({ address, actions }: CausesProps) {
  const causes = useSignal<readonly Cause[] | null>(null);
  const problem = useSignal<string | null>(null);
  const filters = filtersIn(address.parameters.value);
  const search = searchOf(filters);
  const ended = actions.endedAt.value;
  useEffect(() => {
    const asked = new AbortController();
    void requestJson(`/admin/jobs/causes${search}`, causesSchema, { signal: asked.signal }).then(
      (reply) => {
        causes.value = reply.ok ? reply.value.causes : null;
        problem.value = reply.ok ? null : reply.failure.message;
      },
      () => {},
    );
    return () => asked.abort();
  }, [search, ended]);
  if (problem.value !== null) return <p class="notice">{problem.value}</p>;
  if (causes.value === null) return <p class="explorer-loading">Counting …</p>;
  if (causes.value.length === 0) return <p class="empty">No job that matches has failed.</p>;
  return (
    <ul class="causes" aria-label="Causes of failures">
      {causes.value.map((cause) => (
        <li key={cause.code} class="cause">
          <JobPicture job={cause.example} />
          <div class="cause-words">
            <h2>
              {failureCodes[cause.code]} <code>{cause.code}</code>
            </h2>
            <p>
              Such as <a href={jobPageUrl(cause.example.id)}>{displayName(cause.example.source.name)}</a> (
              {operationLabel(cause.example.operation)}): {cause.example.error?.message}
            </p>
            <p class="cause-times">
              {cause.firstSeen && `First seen ${formatMoment(cause.firstSeen)}, last `}
              {!cause.firstSeen && 'Last seen '}
              {formatMoment(cause.example.createdAt)}
            </p>
          </div>
          <strong class="cause-count">{countWords(cause.count)}</strong>
          <div class="cause-actions">
            <button
              type="button"
              class="button"
              onClick={() =>
                address.open(searchOf(new Map([...filters, ['state', 'failed'], ['error', cause.code]])))
              }
            >
              Show them
            </button>
            <button
              type="button"
              class="button"
              onClick={() =>
                void actions.prepare('retry', {
                  ...Object.fromEntries(filters),
                  state: 'failed',
                  error: cause.code,
                })
              }
            >
              Retry all
            </button>
          </div>
        </li>
      ))}
    </ul>
  );
}
