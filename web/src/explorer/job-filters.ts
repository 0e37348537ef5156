import type { JobState, Target } from '@spillway/core/job.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { operationLabel } from '../jobs/words.ts';
import { knownOperations } from '../operations/known-operations.ts';

export interface JobFilters {
  state: 'all' | 'open' | 'ended-badly' | JobState;
  target: 'all' | Target;
  /** `all`, or an operation's name. */
  operation: string;
}

export const noFilters: JobFilters = { state: 'all', target: 'all', operation: 'all' };

export const stateFilters: { value: JobFilters['state']; label: string }[] = [
  { value: 'all', label: 'All states' },
  { value: 'open', label: 'Open' },
  { value: 'queued', label: 'Waiting' },
  { value: 'processing', label: 'Processing' },
  { value: 'succeeded', label: 'Done' },
  { value: 'failed', label: 'Failed' },
  { value: 'ended-badly', label: 'Replaced or cancelled' },
];

export const targetFilters: { value: JobFilters['target']; label: string }[] = [
  { value: 'all', label: 'Both sides' },
  { value: 'vm', label: 'VM pool' },
  { value: 'run', label: 'Cloud Run' },
];

export function operationFilters(): { value: string; label: string }[] {
  const each = knownOperations.value.map((name) => ({ value: name, label: operationLabel(name) }));
  return [{ value: 'all', label: 'All operations' }, ...each];
}

/** True when a job passes all filters. */
export function passes(job: JobView, { state, target, operation }: JobFilters): boolean {
  if (operation !== 'all' && job.operation !== operation) return false;
  if (target !== 'all' && job.route.target !== target) return false;
  switch (state) {
    case 'all':
      return true;
    case 'open':
      return job.state === 'queued' || job.state === 'processing';
    case 'ended-badly':
      return job.state === 'superseded' || job.state === 'cancelled';
    default:
      return job.state === state;
  }
}
