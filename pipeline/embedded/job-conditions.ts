import type { SQLInputValue } from 'node:sqlite';
import type { JobFilter } from '@spillway/core/job-filter.ts';

/** A part of a filter in SQL, with its one value. */
export interface Condition {
  sql: string;
  value: SQLInputValue;
}

/** Fields of a filter whose columns have an index with the order of the list, the one first that leaves the fewest jobs. */
const indexes = {
  upload: 'jobs_upload',
  batch: 'jobs_batch',
  errorCode: 'jobs_error_code',
  owner: 'jobs_owner',
  worker: 'jobs_worker',
  source: 'jobs_place',
  state: 'jobs_state',
  reason: 'jobs_reason',
  operation: 'jobs_operation',
  target: 'jobs_target',
} as const;

const columns = {
  upload: 'upload',
  batch: 'batch',
  errorCode: 'error_code',
  owner: 'owner',
  worker: 'worker',
  source: 'place',
  state: 'state',
  reason: 'reason',
  operation: 'operation',
  target: 'target',
  class: 'class',
} as const;

/** The index that leaves the fewest jobs to look at; null where the newest jobs are looked at one by one. */
export function indexFor(filter: JobFilter): string | null {
  const named = keysOf(indexes).filter((field) => filter[field] !== undefined);
  // Most jobs have succeeded, so that another column leaves fewer of them.
  const narrow = named.filter((field) => field !== 'state' || filter.state !== 'succeeded');
  const [narrowest] = [...narrow, ...named];
  return narrowest === undefined ? null : indexes[narrowest];
}

export function conditionsOf(filter: JobFilter): Condition[] {
  const equal = keysOf(columns).flatMap((field) => {
    const value = filter[field];
    return value === undefined ? [] : [{ sql: `${columns[field]} = ?`, value }];
  });
  return [...equal, ...rangesOf(filter), ...nameOf(filter)];
}

function rangesOf({ from, to, atLeastMs, belowMs }: JobFilter): Condition[] {
  return [
    ...(from ? [{ sql: 'created_at >= ?', value: from.getTime() }] : []),
    ...(to ? [{ sql: 'created_at < ?', value: to.getTime() }] : []),
    ...(atLeastMs === undefined ? [] : [{ sql: 'took_ms >= ?', value: atLeastMs }]),
    ...(belowMs === undefined ? [] : [{ sql: 'took_ms < ?', value: belowMs }]),
  ];
}

function nameOf({ name }: JobFilter): Condition[] {
  if (!name) return [];
  if (name.kind === 'words') {
    return name.words.map((word) => ({ sql: 'instr(words, ?) > 0', value: ` ${word} ` }));
  }
  return [{ sql: 'instr(file_name, ?) = 1', value: name.prefix }];
}

function keysOf<Key extends string>(record: Record<Key, unknown>): Key[] {
  return Object.keys(record) as Key[];
}
