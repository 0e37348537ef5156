import { Readable } from 'node:stream';
import { csvLine } from '@spillway/core/csv.ts';
import { clockStart, type Job } from '@spillway/core/job.ts';
import type { JobFilter } from '@spillway/core/job-filter.ts';
import { durationMs, fileNameOf, sourceOf } from '@spillway/core/job-search.ts';
import { eachJob } from '@spillway/pipeline/find-jobs.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { bodyOf } from './file-body.ts';
import { viewOf } from './job-access.ts';

export const exportFormats = ['csv', 'json'] as const;
export type ExportFormat = (typeof exportFormats)[number];
export const exportTypes: Record<ExportFormat, string> = {
  csv: 'text/csv; charset=utf-8',
  json: 'application/json; charset=utf-8',
};

/** Jobs that are read with one query. */
const pageSize = 200;

type Cell = Parameters<typeof csvLine>[0][number];

/** Columns of the CSV file by their names. Times are ISO 8601, durations milliseconds. */
const columns: Record<string, (job: Job) => Cell> = {
  id: ({ id }) => id,
  state: ({ state }) => state,
  operation: ({ operation }) => operation,
  file: ({ source }) => fileNameOf(source.name),
  object: ({ source }) => `gs://${source.bucket}/${source.name}#${source.generation}`,
  source: sourceOf,
  bytes: ({ source }) => source.size,
  owner: ({ owner }) => owner,
  class: (job) => job.class,
  batch: ({ batch }) => batch,
  run: ({ run }) => run,
  retry_of: ({ retryOf }) => retryOf,
  created_at: ({ createdAt }) => createdAt,
  waits_since: clockStart,
  deadline_at: ({ deadlineAt }) => deadlineAt,
  ended_at: ({ endedAt }) => endedAt,
  took_ms: durationMs,
  in_time: ({ state, endedAt, deadlineAt }) =>
    state === 'succeeded' && endedAt ? endedAt <= deadlineAt : null,
  target: ({ route }) => route.target,
  reason: ({ route }) => route.reason,
  explanation: ({ route }) => route.explanation,
  worker: ({ claim }) => claim?.worker,
  attempts: ({ attempt }) => attempt,
  wait_ms: ({ timings }) => timings?.waitMs,
  download_ms: ({ timings }) => timings?.downloadMs,
  process_ms: ({ timings }) => timings?.processMs,
  store_ms: ({ timings }) => timings?.storeMs,
  predicted_dollars: ({ route }) => route.dollars,
  error: ({ error }) => error?.code,
  error_message: ({ error }) => error?.message,
  result: ({ result }) => result && `gs://${result.bucket}/${result.name}`,
};

/** All jobs that match, read while they are sent. A failure ends the file in the middle: its reader sees it cut off. */
export function exportOf(
  filter: JobFilter,
  format: ExportFormat,
  ports: Pick<Ports, 'feed'>,
): ReadableStream<Uint8Array> {
  const lines = format === 'csv' ? csvLines(filter, ports) : jsonLines(filter, ports);
  return bodyOf(Readable.from(encoded(lines), { objectMode: false }));
}

async function* encoded(lines: AsyncIterable<string>): AsyncGenerator<Buffer> {
  for await (const line of lines) yield Buffer.from(line);
}

async function* csvLines(filter: JobFilter, ports: Pick<Ports, 'feed'>): AsyncGenerator<string> {
  yield csvLine(Object.keys(columns));
  const cellsOf = Object.values(columns);
  for await (const job of eachJob(filter, pageSize, ports)) yield csvLine(cellsOf.map((cell) => cell(job)));
}

async function* jsonLines(filter: JobFilter, ports: Pick<Ports, 'feed'>): AsyncGenerator<string> {
  let before = '[';
  for await (const job of eachJob(filter, pageSize, ports)) {
    yield `${before}\n${JSON.stringify(viewOf(job))}`;
    before = ',';
  }
  yield before === '[' ? '[]\n' : '\n]\n';
}
