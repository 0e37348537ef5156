/**
 * Every code with which a job can end `failed`, and the sentence for people if there is no better one.
 * Codes are part of the contract: job documents, `.error.json` files and API answers have them.
 */
export const failureCodes = {
  unknown_operation: 'No operation of that name exists.',
  too_many_operations: 'The upload asks for more operations than the limit.',
  invalid_options: 'The options are not valid for this operation.',
  empty_file: 'The file is empty.',
  file_too_large: 'The file is larger than the limit.',
  unsupported_type: 'The file is not a picture of a supported type (JPEG, PNG, WebP, AVIF, HEIC or GIF).',
  corrupt_image: 'The picture is damaged or incomplete.',
  image_too_large: 'The picture has too many pixels or too long a side.',
  aspect_too_extreme: 'The picture is too long and thin.',
  processing_timeout: 'The picture took longer than the time limit.',
  out_of_memory: 'The picture needed more memory than the limit.',
  model_missing: 'The model that this needs is not installed.',
  model_invalid: 'The model’s files are damaged or do not fit together.',
  invalid_text: 'A name or a value that came with the file holds text that cannot be stored.',
  unprocessable: 'The picture cannot be worked on: every attempt ends with the same error.',
  service_refused: 'A service that Spillway needs refused this job for good.',
  poison: 'The picture stopped the program that worked on it several times.',
  internal: 'Something went wrong on our side.',
} as const;

export type FailureCode = keyof typeof failureCodes;
export const failureCodeList = Object.keys(failureCodes) as [FailureCode, ...FailureCode[]];

/** What was thrown, in words: an error's message, or the value itself. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Whether an error of the system or of a service has this code, such as `ENOENT`. */
export function hasCode(error: unknown, code: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** It can never succeed as it is. Record it, tell the person, and do not try again. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string = failureCodes[code], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** It may succeed later. Give the work back, so that it is tried again. */
export class RetryableError extends Error {
  override readonly name = 'RetryableError';
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A service that Spillway needs did not answer. The job is not at fault: it is tried again, uncounted. */
export class OutageError extends Error {
  override readonly name: string = 'OutageError';
}

/** The storage takes nothing more until somebody makes room. Its message says what is full. */
export class StorageFullError extends OutageError {
  override readonly name = 'StorageFullError';
}

/**
 * A service that Spillway needs refused a request and would refuse it again: it cannot store a value, a permission is
 * missing, or the database does not exist. The job ends, or it is put aside for a person.
 */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  /**
   * `request`: this one request, whatever asks for it. `service`: everything that is asked of the service, as things
   * are configured: no job is at fault, and a person has to mend it.
   */
  readonly scope: 'request' | 'service';

  constructor(message: string, options: ErrorOptions & { scope?: 'request' | 'service' } = {}) {
    super(message, options);
    this.scope = options.scope ?? 'request';
  }
}

/** The cursor of a list is none that the list has given. Whoever sent it has to begin at the first page. */
export class InvalidCursorError extends Error {
  override readonly name = 'InvalidCursorError';

  constructor() {
    super('This cursor was not made by this list. Leave it out to begin at the first page.');
  }
}

/**
 * The database holds a document that this version of the program cannot read, however often it tries. A person has to
 * mend it, or a newer version reads it.
 */
export class UnreadableDocumentError extends Error {
  override readonly name = 'UnreadableDocumentError';
  /** Whether a newer version of the program wrote it. */
  readonly isNewer: boolean;

  constructor(message: string, { isNewer, ...options }: ErrorOptions & { isNewer: boolean }) {
    super(message, options);
    this.isNewer = isNewer;
  }
}

/**
 * Our code threw an error that nobody expected. At first, the input or the place may be to blame. If the same error
 * comes a second time, by its signature, the input is.
 */
export class UnexpectedError extends Error {
  override readonly name = 'UnexpectedError';
  /** Equal for equal errors, even if they name different paths and numbers. */
  readonly signature: string;

  constructor(signature: string, options?: ErrorOptions) {
    super(failureCodes.internal, options);
    this.signature = signature;
  }
}

/** What a machine can lack, in the words of its heartbeat. */
export const machineLacks = ['disk', 'writable_disk', 'file_handles', 'memory', 'processes'] as const;
export type MachineLack = (typeof machineLacks)[number];

/**
 * This machine cannot work: its disk is full or read-only, or it has no file handles, memory or processes left. The job
 * is not at fault: the attempt is not counted, and the job goes elsewhere.
 */
export class MachineError extends Error {
  override readonly name = 'MachineError';
  readonly lack: MachineLack;

  constructor(lack: MachineLack, message: string, options?: ErrorOptions) {
    super(message, options);
    this.lack = lack;
  }
}
