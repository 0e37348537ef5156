import type { SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { messageOf, UnreadableDocumentError } from '@spillway/core/errors.ts';
import { isDeferred, type Job, jobSchema, schemaVersion } from '@spillway/core/job.ts';
import { laneNumber, waitsInLanes } from '@spillway/core/routing/lanes.ts';
import { z } from 'zod';
import type { Stored } from '../ports/jobs.ts';
import type { Database } from './database.ts';
import { facetsOf } from './job-facets.ts';
import { unpacked } from './packed-document.ts';

/** The version of a job's document: numbers of `risingNumber`. */
export interface Version {
  /** Of the write that created it: orders jobs by their creation. */
  seq: number;
  /** Of the last write. */
  version: number;
}

/** A list reads no more than this many times the documents that it was asked for, where others are not valid. */
const mostUnreadable = 20;

/** What `read` needs of a row. */
export const readColumns = `seq, version, id, updated_at, coalesce(
  (SELECT document FROM open_documents WHERE seq = jobs.seq),
  (SELECT document FROM ended_documents WHERE seq = jobs.seq)
) AS document`;

type Row = Record<string, SQLOutputValue>;

/** The table `jobs`, and its rows as jobs. */
export interface JobTable {
  database: Database;
  /** @throws UnreadableDocumentError where the document is not valid. */
  readAlone(row: Row): Stored;
  /** One job in a list: empty where its document is not valid, which is reported, so that it does not hide all others. */
  readOrReport(row: Row): Stored[];
  /** The first valid jobs of a query that has `readColumns`. */
  list(query: StatementSync, parameters: SQLInputValue[], limit: number): Stored[];
}

export function jobTable(database: Database, onInvalid: (item: string, error: unknown) => void): JobTable {
  function read(row: Row): Stored {
    const job = jobSchema.parse(JSON.parse(unpacked(row.document)));
    const version: Version = { seq: Number(row.seq), version: Number(row.version) };
    return { job, version, updatedAt: new Date(Number(row.updated_at)), readAt: database.clock.now() };
  }

  function readOrReport(row: Row): Stored[] {
    try {
      return [read(row)];
    } catch (error) {
      onInvalid(itemOf(row), error);
      return [];
    }
  }

  return {
    database,
    readOrReport,
    readAlone(row) {
      try {
        return read(row);
      } catch (error) {
        const why = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
        const isNewer = newerSchema.safeParse(parsedOrNull(row)).success;
        throw new UnreadableDocumentError(`${itemOf(row)} is no job: ${why}`, { isNewer, cause: error });
      }
    },
    list(query, parameters, limit) {
      const jobs: Stored[] = [];
      if (limit <= 0) return jobs;
      let left = limit * mostUnreadable;
      for (const row of query.iterate(...parameters)) {
        jobs.push(...readOrReport(row));
        if (jobs.length >= limit || --left <= 0) break;
      }
      return jobs;
    },
  };
}

export function versionOf({ version }: Stored): Version {
  return version as Version;
}

/** What queries ask for. Work and money are whole numbers, so that sums are exact. */
export function columnsOf(job: Job) {
  const { source, route } = job;
  return {
    state: job.state,
    target: route.target,
    operation: job.operation,
    owner: job.owner,
    upload: job.upload,
    batch: job.batch,
    source_bucket: source.bucket,
    source_name: source.name,
    source_generation: source.generation,
    lane: waitsInLanes(job) ? laneNumber(job.id) : null,
    turn_at: isDeferred(job) ? null : msOf(route.turnAt ?? job.deadlineAt),
    decide_by: isDeferred(job) ? msOf(route.decideBy) : null,
    deadline_at: msOf(job.deadlineAt),
    decided_at: msOf(route.at),
    published_at: msOf(job.publishedAt),
    claim_ends_at: msOf(job.claim?.expiresAt),
    ended_at: msOf(job.endedAt),
    outbox_since: msOf(job.outbox?.since),
    deleted_at: msOf(job.deletedAt),
    expires_at: msOf(job.expiresAt),
    may_pass: job.error?.retryable ? 1 : 0,
    work_us: microseconds(route.workMs),
    vm_work_us: microseconds(job.vmWorkMs),
    picodollars: Math.round(route.dollars * 1e12),
    ...facetsOf(job),
  } satisfies Record<string, SQLInputValue>;
}

function microseconds(ms: number): number {
  return Math.round(ms * 1_000);
}

function msOf(time: Date | null | undefined): number | null {
  return time?.getTime() ?? null;
}

const newerSchema = z.object({ schemaVersion: z.number().gt(schemaVersion) });
const namedSchema = z.object({ source: z.object({ name: z.string() }) });

/** A name for a document that cannot be read as a job: its object, where the document names one. */
function itemOf(row: Row): string {
  const named = namedSchema.safeParse(parsedOrNull(row));
  return named.success ? `jobs/${row.id} (${named.data.source.name})` : `jobs/${row.id}`;
}

function parsedOrNull({ document }: Row): unknown {
  try {
    return JSON.parse(unpacked(document));
  } catch {
    return null;
  }
}
