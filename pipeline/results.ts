import { text } from 'node:stream/consumers';
import type { Job, JobError } from '@spillway/core/job.ts';
import { errorReportName, receiptName, resultName } from '@spillway/core/object-names.ts';
import { type ErrorReport, type Receipt, receiptSchema } from '@spillway/core/receipt.ts';
import { type Awaitable, begin, type Steps, waitFor, waitForAll } from '@spillway/core/steps.ts';
import { storableError } from '@spillway/core/transitions.ts';
import type { WrittenBlob, WrittenOnce } from './ports/blobs.ts';
import type { Ports } from './ports/ports.ts';

type ResultPorts = Pick<Ports, 'blobs' | 'buckets'>;

/** What a receipt says of the result beside it. */
export type DescribedResult = Pick<WrittenBlob, 'name' | 'crc32c'>;

/**
 * Writes the result and the receipt that describes it, both at once. What an earlier attempt wrote is adopted. Where the
 * two then do not belong together, the receipt is written anew.
 */
export function* writeResult(
  job: Job,
  file: { path: string; extension: string; contentType: string; crc32c: string },
  receiptOf: (result: DescribedResult) => Receipt,
  ports: ResultPorts,
): Steps<{ result: WrittenBlob; receipt: WrittenBlob }> {
  const { blobs, buckets } = ports;
  const { path, extension, contentType } = file;
  const name = resultName(job, extension);
  const described = receiptOf({ name, crc32c: file.crc32c });
  const [result, receipt] = yield* bothEnded(
    blobs.writeOnce(buckets.results, name, { from: { path }, contentType }),
    begin(writeReceipt(job, described, ports)),
  );
  const belongTogether = !receipt.adopted && result.crc32c === file.crc32c;
  if (belongTogether || (yield* describes(receipt, result, ports))) return { result, receipt };
  yield* waitFor(blobs.remove(receipt.bucket, receipt.name, receipt.generation));
  return { result, receipt: yield* writeReceipt(job, receiptOf(result), ports) };
}

/** Whether a receipt that is there already was written for this result. */
function* describes(receipt: WrittenBlob, result: WrittenBlob, { blobs }: ResultPorts): Steps<boolean> {
  const { bucket, name, generation } = receipt;
  const there = yield* waitFor(blobs.read(bucket, name, { generation }));
  if (!there) return false;
  const read = receiptSchema.safeParse(JSON.parse(yield* waitFor(text(there.stream))));
  return read.success && read.data.result.crc32c === result.crc32c;
}

/** Both values, once both calls have ended: a call that goes on after a failure could write beside what follows that. */
function* bothEnded<First, Second>(
  first: Awaitable<First>,
  second: Awaitable<Second>,
): Steps<[First, Second]> {
  const [one, other] = yield* waitForAll([begin(outcomeOf(first)), begin(outcomeOf(second))]);
  if ('error' in one) throw one.error;
  if ('error' in other) throw other.error;
  return [one.value, other.value];
}

function* outcomeOf<Value>(call: Awaitable<Value>): Steps<{ value: Value } | { error: unknown }> {
  try {
    return { value: (yield* waitFor(call)) as Value };
  } catch (error) {
    return { error };
  }
}

function writeReceipt(job: Job, receipt: Receipt, ports: ResultPorts): Steps<WrittenOnce> {
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

function* writeJson(name: string, json: object, { blobs, buckets }: ResultPorts): Steps<WrittenOnce> {
  const content = { from: { json }, contentType: 'application/json' };
  return yield* waitFor(blobs.writeOnce(buckets.results, name, content));
}
