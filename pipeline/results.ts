import { buffer, text } from 'node:stream/consumers';
import type { Job, JobError } from '@spillway/core/job.ts';
import { errorReportName, receiptName, resultName, thumbnailsName } from '@spillway/core/object-names.ts';
import { indexReach, type PackedIndex, readIndex } from '@spillway/core/packed-pictures.ts';
import { type ErrorReport, type Receipt, receiptSchema } from '@spillway/core/receipt.ts';
import { type Awaitable, begin, type Steps, waitFor, waitForAll } from '@spillway/core/steps.ts';
import { storableError } from '@spillway/core/transitions.ts';
import type { MadeThumbnails } from './executor.ts';
import { ofJob } from './log/of-job.ts';
import type { WrittenBlob, WrittenOnce } from './ports/blobs.ts';
import type { Ports } from './ports/ports.ts';

type ResultPorts = Pick<Ports, 'blobs' | 'buckets' | 'log'>;

/** What a receipt says of the result beside it. */
export type DescribedResult = Pick<WrittenBlob, 'name' | 'crc32c'>;

/**
 * Whether thumbnails are made: for what visitors sent, since they look at it in lists. An attempt after one that failed
 * makes none, so that they fail no job.
 */
export function wantsThumbnails(job: Job, { buckets }: Pick<Ports, 'buckets'>): boolean {
  return job.source.bucket === buckets.webUploads && isFirstTry(job);
}

/** Whether no attempt has failed so far. Attempts that were given back leave nothing behind that says so. */
export function isFirstTry({ attempt, machineFaults }: Job): boolean {
  return attempt <= 1 && machineFaults === 0;
}

/** What is written for a job that succeeds. */
export interface WrittenResult {
  result: WrittenBlob;
  receipt: WrittenBlob;
  /** The object that is there now, and what it has; null where there is none. */
  thumbnails: (WrittenBlob & PackedIndex) | null;
}

/**
 * Writes result, receipt and thumbnails, all at once. Thumbnails that cannot be written are left out: the result is good
 * without.
 */
export function* writeResult(
  job: Job,
  file: ResultFile,
  thumbnails: MadeThumbnails | undefined,
  receiptOf: (result: DescribedResult) => Receipt,
  ports: ResultPorts,
): Steps<WrittenResult> {
  if (thumbnails?.kind !== 'made') {
    return { ...(yield* writeWithReceipt(job, file, receiptOf, ports)), thumbnails: null };
  }
  const [written, small] = yield* bothEnded(
    begin(writeWithReceipt(job, file, receiptOf, ports)),
    begin(outcomeOf(begin(writeThumbnails(job, thumbnails, ports)))),
  );
  if ('value' in small) return { ...written, thumbnails: small.value };
  ports.log.warn({ ...ofJob(job), error: small.error }, 'The thumbnails of a job could not be stored.');
  return { ...written, thumbnails: null };
}

/**
 * Writes the thumbnails beside the result. Those of an earlier attempt are adopted: the object itself says what it has.
 */
function* writeThumbnails(
  job: Job,
  { path, parts, mask }: Extract<MadeThumbnails, { kind: 'made' }>,
  { blobs, buckets }: ResultPorts,
): Steps<WrittenResult['thumbnails']> {
  const content = { from: { path }, contentType: 'application/octet-stream' };
  const written = yield* waitFor(blobs.writeOnce(buckets.results, thumbnailsName(job), content));
  if (!written.adopted) return { ...written, parts, mask };
  const { bucket, name, generation, size } = written;
  const range = { first: Math.max(0, size - indexReach), last: size - 1 };
  const there = yield* waitFor(blobs.read(bucket, name, { generation, range }));
  const index = there && readIndex(yield* waitFor(buffer(there.stream)), size);
  return index && { ...written, ...index };
}

interface ResultFile {
  path: string;
  extension: string;
  contentType: string;
  crc32c: string;
}

/**
 * Writes the result and the receipt that describes it, both at once. What an earlier attempt wrote is adopted. Where the
 * two then do not belong together, the receipt is written anew.
 */
function* writeWithReceipt(
  job: Job,
  file: ResultFile,
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
