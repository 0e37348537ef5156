import type { Job, JobResult } from '@spillway/core/job.ts';
import { operationNames } from '@spillway/core/operations.ts';
import { resultExtensionOf } from '@spillway/core/picture-types.ts';
import type { JobFeed } from '@spillway/pipeline/ports/jobs.ts';
import { baseNameOf, createUniqueNames, fileNameOf, safeName } from './picture-names.ts';
import { ProblemError } from './problems.ts';

/** Whose batch. Two owners may have chosen the same id. */
export interface BatchOf {
  owner: string;
  batch: string;
}

/** A result of a batch, and what it is called outside. */
export interface NamedResult {
  operation: string;
  /** What its picture was called. */
  picture: string;
  /** Unique in the batch, without extension. */
  name: string;
  extension: string;
  endedAt: Date;
  result: Pick<JobResult, 'bucket' | 'name' | 'generation' | 'size' | 'receipt' | 'model'>;
}

/** Jobs that are read at a time. */
const pageSize = 100;
/** Results of one archive: what is known of each is held in memory, its file is not. */
const mostResults = 30_000;

/**
 * All results of a batch in the order of the drop, named after their pictures: of a second `cat.jpg`, the sketch is
 * `cat (2)-sketch`. Throws the problem `no_result` where there is none.
 */
export async function resultsOf(of: BatchOf, feed: JobFeed): Promise<NamedResult[]> {
  const jobs = (await succeededJobs(of, feed)).sort(byPlace);
  if (jobs.length === 0) throw new ProblemError('no_result', 'The batch has no result so far.');
  const pictureName = createUniqueNames();
  const resultName = createUniqueNames();
  const names = new Map<string, string>();
  return jobs.map((job) => {
    const { operation, picture, source, endedAt, result, extension } = job;
    const base = names.get(source) ?? pictureName(safeName(job.base));
    names.set(source, base);
    return { operation, picture, name: resultName(`${base}-${operation}`), extension, endedAt, result };
  });
}

/** What is kept of a job while its archive is made. */
interface ResultOfJob extends Omit<NamedResult, 'name'> {
  base: string;
  source: string;
  index: number;
  sentAt: number;
  rank: number;
  createdAt: number;
}

async function succeededJobs({ owner, batch }: BatchOf, feed: JobFeed): Promise<ResultOfJob[]> {
  const found: ResultOfJob[] = [];
  let cursor: string | null = null;
  do {
    const page = await feed.find({ owner, batch, state: 'succeeded' }, pageSize, cursor);
    found.push(...page.jobs.flatMap((job) => resultOf(job) ?? []));
    if (found.length > mostResults) {
      const detail = `The batch has more than ${mostResults.toLocaleString('en')} results. Read them one by one.`;
      throw new ProblemError('too_many_results', detail);
    }
    cursor = page.cursor;
  } while (cursor !== null);
  return found;
}

function resultOf(job: Job): ResultOfJob | null {
  const extension = job.result && resultExtensionOf(job.result.contentType);
  if (!job.result || !extension) return null;
  const { bucket, name, generation, size, receipt, model } = job.result;
  return {
    operation: job.operation,
    picture: fileNameOf(job),
    base: baseNameOf(job),
    extension,
    endedAt: job.endedAt ?? job.createdAt,
    result: { bucket, name, generation, size, receipt, model },
    source: `${job.source.name}#${job.source.generation}`,
    index: job.batchIndex ?? Number.POSITIVE_INFINITY,
    sentAt: job.source.timeCreated.getTime(),
    rank: (operationNames as readonly string[]).indexOf(job.operation),
    createdAt: job.createdAt.getTime(),
  };
}

/** By the place in the drop, then by operation, then the earlier job first. */
function byPlace(a: ResultOfJob, b: ResultOfJob): number {
  if (a.index !== b.index) return a.index < b.index ? -1 : 1;
  return a.sentAt - b.sentAt || compare(a.source, b.source) || a.rank - b.rank || a.createdAt - b.createdAt;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
