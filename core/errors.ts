/**
 * Every reason for which a job can end `failed`, with what a person is told when no better words are at hand.
 * Codes are part of the contract: they stand in job documents, in `.error.json` files and in API answers.
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

/** Nothing will make this succeed as it is: record it, tell the person, do not try again. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string = failureCodes[code], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** This may pass: give the work back so that it is tried again. */
export class RetryableError extends Error {
  override readonly name = 'RetryableError';
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A service that Spillway needs did not answer. Not the job's fault: it is tried again and not counted. */
export class OutageError extends Error {
  override readonly name = 'OutageError';
}

/**
 * A service that Spillway needs refused a request, and would refuse it again: a value that it cannot store, a
 * permission that is missing, a database that is not there. What asked for it ends, or is put aside for a person.
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

/**
 * Code of ours threw what nobody foresaw. Nobody knows at first whether the input or the place is to blame; what comes
 * a second time, with the same signature, lies in the input.
 */
export class UnexpectedError extends Error {
  override readonly name = 'UnexpectedError';
  /** The same for the same error, whatever paths and numbers it names. */
  readonly signature: string;

  constructor(signature: string, options?: ErrorOptions) {
    super(failureCodes.internal, options);
    this.signature = signature;
  }
}

/** What a machine can lack, as its heartbeat says it. */
export const machineLacks = ['disk', 'writable_disk', 'file_handles', 'memory', 'processes'] as const;
export type MachineLack = (typeof machineLacks)[number];

/**
 * This machine cannot work: its disk is full or read-only, it has no file handles, memory or processes left. Not the
 * job's fault: the attempt is not counted, and the job goes elsewhere.
 */
export class MachineError extends Error {
  override readonly name = 'MachineError';
  readonly lack: MachineLack;

  constructor(lack: MachineLack, message: string, options?: ErrorOptions) {
    super(message, options);
    this.lack = lack;
  }
}
