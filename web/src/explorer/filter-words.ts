import type { JobState } from '@spillway/core/job.ts';

/** States on the chips of the filter. */
export const stateNames: Record<JobState, string> = {
  queued: 'Waiting',
  processing: 'Working',
  succeeded: 'Done',
  failed: 'Failed',
  superseded: 'Replaced',
  cancelled: 'Cancelled',
};

export const withinChoices = [
  { value: '15m', label: 'Last 15 minutes' },
  { value: '3h', label: 'Last 3 hours' },
  { value: '24h', label: 'Last 24 hours' },
  { value: '7d', label: 'Last 7 days' },
  { value: '30d', label: 'Last 30 days' },
];

/** Parameters of an address, for people. */
export const filterNames: Record<string, string | undefined> = {
  state: 'State',
  operation: 'Operation',
  target: 'Side',
  class: 'Class',
  reason: 'Reason',
  error: 'Cause',
  worker: 'Worker',
  owner: 'Owner',
  source: 'Source',
  upload: 'Upload',
  batch: 'Batch',
  name: 'File name',
  from: 'From',
  to: 'Before',
  within: 'Created in the last',
  atLeast: 'Seconds, at least',
  below: 'Seconds, less than',
};

/** Filters by what documents of earlier versions do not have. */
export const youngFilters: readonly string[] = ['name', 'source', 'atLeast', 'below'];
