import { z } from 'zod';
import { failureCodeList } from './errors.ts';

/**
 * # Terms
 *
 * The field's words are used where there are any. docs/glossary.md has this list and the other terms.
 *
 * - **job**: One operation on one source. Its document in `jobs/` is the truth about it.
 * - **operation**: What is done to a picture: `sketch`, `remove-background`, `caption`, or a plug-in's.
 * - **plug-in**: A folder or npm package that an operator names in `SPILLWAY_OPERATIONS`. It adds one operation.
 * - **source**: One generation of one object in a bucket of uploads.
 * - **target**: Where a job is executed: `vm`, or `run` (Cloud Run).
 * - **run number**: `job.run`. 1 for the first job of a request; each retry is a new job with the next number.
 * - **re-run**: A job on a source that is there already, which a person asked for without a new upload.
 * - **thumbnails**: A small result and a small source, for lists. A job's are one object beside its result.
 * - **mask**: What a removed background was told by: grey, white where the picture is kept.
 * - **batch**: The uploads of one drop, by an id that their sender chose. A picture has its index in the drop.
 * - **message**: Tells a worker that a job waits. It has the job's id and epoch, and is worthless without the document.
 * - **line**: The jobs that wait for one target, in the order of their turns.
 * - **lane**: A part of the VMs' line, by the hash of a job's id. Slots look at some lanes, so that they do not all try the
 *   same jobs.
 * - **turn**: The time that orders the VMs' line: the deadline, or later if the owner has much waiting already.
 *   Earliest deadline first.
 * - **deadline**: The operation's objective after the upload; of a retry or a re-run, after the request.
 * - **deferred**: Recorded by a router that left the decision to the sweep, which decides such jobs in groups.
 * - **epoch**: How often the job was moved. A message of an earlier epoch no longer counts.
 * - **revision**: How often the document was replaced. Of two versions, the higher is newer.
 * - **reservation**: A router's random token, by which it knows its own creation after a lost reply.
 * - **lease**: A right that ends by itself unless it is renewed.
 * - **claim**: A worker's lease on a job.
 * - **fencing token**: The claim's random token. Only its holder may record how the job ended.
 * - **attempt**: A claim that counts. One that a machine's fault or an outage cut off does not.
 * - **give back**: To put a claimed job back into its line.
 * - **poison**: A job that was claimed as often as allowed and never ended.
 * - **outbox**: What still has to follow the end of a job, named in its document by the write that ended it.
 * - **sweep**: Finds what a crash left behind: the outbox, lost messages, expired claims.
 * - **dead letter**: A message that nobody can handle, kept in `jobs-dead`.
 * - **tombstone**: What stays of a deleted job, so that a repeated event does not bring it back.
 */

/** Version of the job document and of the messages about it. Readers accept the version before theirs. */
export const schemaVersion = 1;

export const jobStates = ['queued', 'processing', 'succeeded', 'failed', 'superseded', 'cancelled'] as const;
export const jobStateSchema = z.enum(jobStates);
export type JobState = z.infer<typeof jobStateSchema>;

export const targetSchema = z.enum(['vm', 'run']);
/** Where a job waits: the subscription that VMs pull, or the one that pushes to Cloud Run. */
export type Target = z.infer<typeof targetSchema>;

/** A point in time: a Date in memory, an ISO 8601 string in JSON. */
export const instant = z.coerce.date();

export const sourceSchema = z.object({
  bucket: z.string(),
  name: z.string(),
  /** Generation as a decimal string: it exceeds what a JavaScript number holds exactly. */
  generation: z.string(),
  /** Bytes. */
  size: z.number(),
  contentType: z.string().nullable(),
  timeCreated: instant,
  /** The uploader's figure; null if there is none. */
  pixels: z.number().nullable().default(null),
});
export type Source = z.infer<typeof sourceSchema>;

/** The prediction for one target, in milliseconds from the decision. */
export const sidePredictionSchema = z.object({
  /** Until a slot takes the job, including delivery. */
  waitMs: z.number(),
  /** Part of the wait: until a free slot takes the job, including a cold start. */
  deliveryMs: z.number().default(0),
  /** How long the operation keeps its slot. */
  serviceMs: z.number(),
  /** Download and storing, which keep no slot. 0 in a decision of an earlier version, whose service time contains it. */
  ioMs: z.number().default(0),
  /** One standard deviation of wait, service and I/O together. */
  spreadMs: z.number().default(0),
  /** `waitMs` plus `serviceMs` plus `ioMs` plus the number of standard deviations in the settings. */
  finishMs: z.number(),
  /** US dollars that the job adds to the bill. A VM itself is paid for anyway, unless it says a price of its own. */
  dollars: z.number(),
  inTime: z.boolean(),
});
export type SidePrediction = z.infer<typeof sidePredictionSchema>;

export const predictionSchema = z.object({
  /** Null if that target cannot take the job at all. */
  vm: sidePredictionSchema.nullable(),
  run: sidePredictionSchema.nullable(),
  /** Why Cloud Run does not take this job now; null if it does. */
  runClosed: z
    .enum(['off', 'no_service', 'paused', 'over_budget', 'lacks_model', 'too_large'])
    .nullable()
    .default(null),
  /** Milliseconds from the decision to the deadline; negative if the deadline has passed. */
  budgetMs: z.number(),
});
export type Prediction = z.infer<typeof predictionSchema>;

export const routeReasons = [
  'reserved',
  'vm_in_time',
  'vm_sooner',
  'vm_only',
  'vm_run_paused',
  'vm_over_budget',
  'run_vm_late',
  'run_probe',
  'run_no_vm',
  'run_cheaper',
  'cpu_below_threshold',
  'cpu_above_threshold',
] as const;

/** Jobs, and the sum of their `workMs`: milliseconds of one slot. */
export const sideLedgerSchema = z.object({ jobs: z.number(), workMs: z.number() });
export type SideLedger = z.infer<typeof sideLedgerSchema>;
/** The work of an idle target. */
export const noWork: SideLedger = { jobs: 0, workMs: 0 };

/** The work ahead of a job at its decision. It is exact, because every job reserves its place before it counts. */
export const ledgerSchema = z.object({
  vm: z.object({
    /** Claimed jobs of any turn, because they are not interrupted. */
    running: sideLedgerSchema,
    /** Waiting jobs with an earlier turn. */
    ahead: sideLedgerSchema,
  }),
  /** Waiting and claimed jobs, because Pub/Sub pushes in the order of publishing. */
  run: sideLedgerSchema,
});
export type Ledger = z.infer<typeof ledgerSchema>;

export const jobClasses = ['interactive', 'bulk'] as const;
/** `bulk`: nobody waits for it on the page. It has a looser objective and lets others pass. */
export const jobClassSchema = z.enum(jobClasses);
export type JobClass = z.infer<typeof jobClassSchema>;

export const routeSchema = z.object({
  target: targetSchema,
  reason: z.enum(routeReasons),
  /** The reason as one English sentence with its figures. */
  explanation: z.string(),
  policy: z.string(),
  /** Raised by one with every move. A message of an earlier epoch no longer counts. */
  epoch: z.number(),
  /** The target that it was last moved from; null if it is on its first. */
  movedFrom: targetSchema.nullable().default(null),
  /** Predicted work that the job adds to its target's ledger, in milliseconds of one slot. */
  workMs: z.number(),
  /** VMs take the job with the earliest turn: its deadline, or later if its owner has much waiting ahead of it. */
  turnAt: instant.nullable().default(null),
  /**
   * Names of the lanes of the VMs' line that the job waits in (core/routing/lanes.ts). Empty unless a VM may take it. Every
   * replacement of the document sets them.
   */
  lanes: z.array(z.string()).default([]),
  /**
   * The deadline of a deferred job: the sweep decides these in this order. Null for a job that a router decides at once,
   * and once the job is decided. A deferred job has no turn: it is in no line and in no sum of waiting work.
   */
  decideBy: instant.nullable().default(null),
  /** Expected cost of the decision in US dollars. */
  dollars: z.number().default(0),
  predicted: predictionSchema.nullable(),
  ledger: ledgerSchema.nullable().default(null),
  at: instant,
});
export type Route = z.infer<typeof routeSchema>;

/** What follows the end of a job, by name: `event` is the CloudEvent on the topic `job-events`. */
export const afterEnd = ['event'] as const;
export type AfterEnd = (typeof afterEnd)[number];

/** `effects`: names of `afterEnd`, or those of a newer version, which alone can do them. `since`: when the job ended. */
const outboxSchema = z.object({ since: instant, effects: z.array(z.string()).min(1) });

export const claimSchema = z.object({ worker: z.string(), token: z.string(), expiresAt: instant });
export type Claim = z.infer<typeof claimSchema>;

/** Durations in milliseconds. */
export const timingsSchema = z.object({
  /** From the object's `timeCreated` to the claim. */
  waitMs: z.number(),
  downloadMs: z.number(),
  /** From the downloaded source to a free slot. 0 in a document of an earlier version, which claimed for a free slot. */
  slotWaitMs: z.number().default(0),
  /** The operation itself, decoding and encoding included. */
  processMs: z.number(),
  /** Writing result and receipt. */
  storeMs: z.number(),
  /** From the object's `timeCreated` to the outcome. */
  totalMs: z.number(),
});
export type Timings = z.infer<typeof timingsSchema>;

/** The model that made a result. */
export const modelSchema = z.object({
  name: z.string(),
  /** Of its file, or of the weights if the checkpoint has several files. */
  sha256: z.string(),
  /** Whether it is one of the small models that Spillway ships with. */
  builtIn: z.boolean().default(false),
  /** For a built-in model: the command that installs the real one. */
  install: z.string().nullable().default(null),
});
export type Model = z.infer<typeof modelSchema>;

/**
 * CRC-32C of an object's bytes as they are stored: base64 of its four bytes, the most significant first. Documents and
 * receipts have this form, whatever form the store itself uses.
 * @see https://www.rfc-editor.org/rfc/rfc3720#appendix-B.4 for the polynomial
 */
export const crc32cSchema = z.string();

/** A picture among several in one object. */
const packedPicture = z.object({
  /** Pixels. */
  width: z.int().min(1),
  height: z.int().min(1),
  /** Its first byte in the object. */
  offset: z.int().min(0),
  /** Bytes. */
  size: z.int().min(1),
});

/** Thumbnails have these widths in pixels, or that of a picture that is narrower. */
export const thumbnailWidths = [320, 640] as const;
export const picturesOfJob = ['result', 'source'] as const;
/** `source` is upright and in sRGB, as operations see it. */
export const pictureOfJobSchema = z.enum(picturesOfJob);
export type PictureOfJob = z.infer<typeof pictureOfJobSchema>;

/** A WebP picture. */
export const thumbnailSchema = packedPicture.extend({ of: pictureOfJobSchema });
export type Thumbnail = z.infer<typeof thumbnailSchema>;

/**
 * The thumbnails of a job are one object beside the result, because each object that is written costs as much as the
 * result. A reader takes the bytes of one of them.
 */
export const thumbnailsSchema = z.object({
  /** In the bucket of the result. */
  name: z.string(),
  generation: z.string(),
  /** Bytes of all parts together, a mask included. */
  size: z.int().min(1),
  /** Of each picture, by rising width. A result that is no picture has none. */
  parts: z.array(thumbnailSchema).max(picturesOfJob.length * thumbnailWidths.length),
});
export type Thumbnails = z.infer<typeof thumbnailsSchema>;

/**
 * Grey, as a lossless WebP picture of the whole upright source: white is kept. As it was found and refined, before
 * `cleanMask` and `feather` changed it, so that a page can show other values of these options.
 */
export const maskSchema = packedPicture;
export type Mask = z.infer<typeof maskSchema>;

export const resultSchema = z.object({
  bucket: z.string(),
  name: z.string(),
  generation: z.string(),
  contentType: z.string(),
  size: z.number(),
  crc32c: crc32cSchema,
  width: z.number(),
  height: z.number(),
  /** Decoded pixels of the source; null if they were not counted. */
  decodedPixels: z.number().nullable().default(null),
  model: modelSchema.nullable(),
  /** Sentences about how it was made, such as 'Made as PNG: …'. */
  notes: z.array(z.string()).default([]),
  receipt: z.string(),
  /** Null for what integrators sent, and where none could be made. */
  thumbnails: thumbnailsSchema.nullable().default(null),
  /** What removed a background kept, in the same object as the thumbnails. Null for other operations. */
  mask: maskSchema.nullable().default(null),
});
export type JobResult = z.infer<typeof resultSchema>;

/** What a claimed job waits for before its work begins. */
export const progressSchema = z.object({
  kind: z.literal('downloading_model'),
  model: z.string(),
  /** 0 to 1. */
  share: z.number().min(0).max(1),
});
export type JobProgress = z.infer<typeof progressSchema>;

/**
 * What a failure is blamed on. `input`: the worker's test picture succeeded at the same time. `place`: it failed.
 * `unknown`: it was not tried.
 */
export const blameSchema = z.enum(['input', 'place', 'unknown']);
export type Blame = z.infer<typeof blameSchema>;

export const jobErrorSchema = z.object({
  code: z.enum(failureCodeList),
  message: z.string(),
  /** Whether another attempt may succeed. */
  retryable: z.boolean(),
  blame: blameSchema.optional(),
});
export type JobError = z.infer<typeof jobErrorSchema>;

/** The failure of the last attempt that counted. */
export const attemptFailureSchema = z.object({
  code: z.enum(failureCodeList),
  /** Signature of our code's error; null if the attempt failed in another way. */
  signature: z.string().nullable(),
});
export type AttemptFailure = z.infer<typeof attemptFailureSchema>;

/** What searches ask for that nothing else of the document says (core/job-search.ts). */
export const jobSearchSchema = z.object({
  /** Where the source came from: `bucket/` with a source rule's prefix or the first folder. */
  source: z.string(),
  /** Words and beginnings of the file's name. */
  terms: z.array(z.string()),
  /** The interval that the duration lies in, by its lower edge in milliseconds; null where none is known. */
  took: z.number().nullable(),
});
export type JobSearch = z.infer<typeof jobSearchSchema>;

/** Why a worker gave a job back. Only `failed` is an attempt that counts. */
export const giveBackReasons = ['failed', 'outage', 'leaving', 'machine'] as const;
export type GiveBackReason = (typeof giveBackReasons)[number];

/** One thing that happened to a job. */
export const historyEntrySchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('decided'),
    at: instant,
    epoch: z.number(),
    target: targetSchema,
    /** The target that this decision moved it from; null where it stayed, and for the first decision. */
    movedFrom: targetSchema.nullable(),
    reason: z.enum(routeReasons),
    explanation: z.string(),
    /** Milliseconds from the decision to the deadline; null where nothing was predicted. */
    budgetMs: z.number().nullable(),
    /** For the target that was chosen. */
    predicted: sidePredictionSchema
      .pick({ waitMs: true, serviceMs: true, ioMs: true, finishMs: true, dollars: true, inTime: true })
      .nullable(),
  }),
  z.object({ kind: z.literal('published'), at: instant }),
  /** A claim after another without an entry between them: the earlier one expired. */
  z.object({ kind: z.literal('claimed'), at: instant, worker: z.string(), attempt: z.number() }),
  z.object({
    kind: z.literal('given_back'),
    at: instant,
    worker: z.string(),
    attempt: z.number(),
    why: z.enum(giveBackReasons),
    /** What the attempt failed with; null where the attempt does not count. */
    code: z.enum(failureCodeList).nullable(),
  }),
  z.object({
    kind: z.literal('ended'),
    at: instant,
    state: jobStateSchema,
    code: z.enum(failureCodeList).nullable(),
  }),
  /** How many entries are missing here, the last of them from `at`. */
  z.object({ kind: z.literal('left_out'), at: instant, entries: z.number() }),
]);
export type HistoryEntry = z.infer<typeof historyEntrySchema>;

export const jobSchema = z.object({
  id: z.string(),
  schemaVersion: z.number(),
  /** Raised by one with every replacement of the document: of two versions of a job, the higher one is the newer. */
  revision: z.int().min(0).default(0),
  state: jobStateSchema,
  /** As requested. It names no known operation if the job failed with `unknown_operation`. */
  operation: z.string(),
  options: z.record(z.string(), z.unknown()),
  owner: z.string().nullable(),
  source: sourceSchema,
  class: jobClassSchema.default('interactive'),
  batch: z.string().nullable(),
  /** The uploader's figure for the files in the batch; null if there is none. */
  batchSize: z.number().nullable().default(null),
  /** The picture's place in the drop, from 0; null if the uploader did not say. */
  batchIndex: z.number().nullable().default(null),
  upload: z.string().nullable(),
  /** The job whose result is this job's source. Part of the document's contract; null, as no job follows another yet. */
  parent: z.string().nullable().default(null),
  run: z.number(),
  retryOf: z.string().nullable(),
  /** For a re-run, the job with the same source from which a person asked for it; null for any other. */
  rerunOf: z.string().nullable().default(null),
  /** Random token of the router that created the document. It recognises its own creation by it after a lost reply. */
  reservation: z.string(),
  route: routeSchema,
  createdAt: instant,
  /** The end of the objective. */
  deadlineAt: instant,
  /** When the message was last published, written just before with the decision; null if it still has to be. */
  publishedAt: instant.nullable().default(null),
  /**
   * How long a VM was expected to work on it when it arrived, in milliseconds of one slot, whatever target it was given.
   * The pool of VMs follows the sum. 0 in a document of an earlier version.
   */
  vmWorkMs: z.number().default(0),
  /** Number of claims that count. One that a machine's fault or an outage cut off does not. */
  attempt: z.number(),
  claim: claimSchema.nullable(),
  /** The worker whose attempt failed last; null if none has. */
  failedBy: z.string().nullable().default(null),
  lastFailure: attemptFailureSchema.nullable().default(null),
  /** Attempts that a machine cut off for what it lacks. They do not count. */
  machineFaults: z.number().default(0),
  progress: progressSchema.nullable().default(null),
  /**
   * What happened, in order: bounded (core/job-history.ts), and empty in a document of an earlier version. A history with
   * an entry that only a newer version knows is not read, because nothing depends on it.
   */
  history: z.array(historyEntrySchema).catch([]),
  timings: timingsSchema.nullable(),
  result: resultSchema.nullable(),
  error: jobErrorSchema.nullable(),
  endedAt: instant.nullable(),
  /** When the `job-events` CloudEvent of the end was published; null if it still has to be. */
  eventPublishedAt: instant.nullable().default(null),
  /** What still has to follow the end of the job. Null before the end, and once everything is done. */
  outbox: outboxSchema.nullable().default(null),
  /** When a person deleted the job. The document stays as a tombstone without picture or result. */
  deletedAt: instant.nullable(),
  /** W3C `traceparent` of the upload, to follow the job through the logs. */
  trace: z.string().nullable(),
  /** Null in a document of an earlier version. */
  search: jobSearchSchema.nullable().default(null),
  /** When Firestore's TTL policy may delete the document. */
  expiresAt: instant.nullable(),
});
export type Job = z.infer<typeof jobSchema>;

/** Whether the job waits for the sweep to decide where it goes. */
export function isDeferred({ state, route }: Job): boolean {
  return state === 'queued' && route.decideBy !== null;
}

/** The time from which a person waits: the upload, the retry, or the request for a re-run. */
export function clockStart(job: Pick<Job, 'retryOf' | 'rerunOf' | 'createdAt' | 'source'>): Date {
  return isAskedAgain(job) ? job.createdAt : job.source.timeCreated;
}

/** Whether a person asked for it when its source was there already. */
export function isAskedAgain({ retryOf, rerunOf }: Pick<Job, 'retryOf' | 'rerunOf'>): boolean {
  return retryOf !== null || rerunOf !== null;
}

/** True when no later event may change the job's state. */
export function isTerminal(state: JobState): boolean {
  switch (state) {
    case 'queued':
    case 'processing':
      return false;
    case 'succeeded':
    case 'failed':
    case 'superseded':
    case 'cancelled':
      return true;
    default:
      return state satisfies never;
  }
}
