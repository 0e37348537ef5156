import type { Job, JobError } from '@spillway/core/job.ts';
import { errorReportName, receiptName, resultName } from '@spillway/core/object-names.ts';
import type { ErrorReport, Receipt } from '@spillway/core/receipt.ts';
import { type Steps, waitFor } from '@spillway/core/steps.ts';
import { storableError } from '@spillway/core/transitions.ts';
import type { WrittenBlob } from './ports/blobs.ts';
import type { Ports } from './ports/ports.ts';

type ResultPorts = Pick<Ports, 'blobs' | 'buckets'>;

/** Writes the result; one that an earlier attempt wrote is adopted. */
export function* writeResult(
  job: Job,
  file: { path: string; extension: string; contentType: string },
  { blobs, buckets }: ResultPorts,
): Steps<WrittenBlob> {
  const { path, extension, contentType } = file;
  const content = { from: { path }, contentType };
  return yield* waitFor(blobs.writeOnce(buckets.results, resultName(job, extension), content));
}

/** Written last: a receipt says that the result beside it is complete. */
export function writeReceipt(job: Job, receipt: Receipt, ports: ResultPorts): Steps<WrittenBlob> {
  return writeJson(receiptName(job), receipt, ports);
}

export function writeErrorReport(
  job: Job,
  error: JobError,
  at: Date,
  ports: ResultPorts,
): Steps<WrittenBlob> {
  const { bucket, name, generation } = job.source;
  const source = { bucket, name, generation };
  const report: ErrorReport = {
    ...storableError(error),
    jobId: job.id,
    source,
    operation: job.operation,
    at,
  };
  return writeJson(errorReportName(job), report, ports);
}

function* writeJson(name: string, json: object, { blobs, buckets }: ResultPorts): Steps<WrittenBlob> {
  const content = { from: { json }, contentType: 'application/json' };
  return yield* waitFor(blobs.writeOnce(buckets.results, name, content));
}
