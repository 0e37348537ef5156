import {
  MachineError,
  OutageError,
  PermanentError,
  RefusedError,
  RetryableError,
  UnexpectedError,
} from '@spillway/core/errors.ts';
import type { PictureFailure } from '@spillway/pipeline/pictures/wire.ts';

/** What answers without a result mean for the job. */

export const tooLarge = 'The picture is larger than a request to Cloud Run may be, which is 32 MiB.';

/** Whether an error is one of these already. */
export function isUnderstood(error: unknown): boolean {
  return [PermanentError, RetryableError, UnexpectedError, MachineError, OutageError, RefusedError].some(
    (kind) => error instanceof kind,
  );
}

/** As the worker there says. */
export function errorOf(failure: PictureFailure): Error {
  switch (failure.kind) {
    case 'permanent':
      return new PermanentError(failure.code, failure.message);
    case 'retryable':
      return new RetryableError(failure.code, failure.message);
    case 'unexpected':
      return new UnexpectedError(failure.signature);
    case 'machine':
      return new MachineError(failure.lack, failure.message);
    case 'busy':
    case 'unfit':
    case 'malformed':
      return new OutageError(`Cloud Run did not take the picture: ${failure.message}`);
    default:
      return failure satisfies never;
  }
}

/**
 * As something says that stands in front of the worker, or in its place.
 * @param sent Whether an instance may have had the whole picture.
 */
export function errorOfStatus(status: number, url: string, sent: boolean): Error {
  switch (status) {
    case 401:
      return refusedToAll(
        `Cloud Run does not take this machine's identity token. SPILLWAY_RUN_URL has to be the service's own address (it is ${url}), and this machine's clock has to be right.`,
      );
    case 403:
      return refusedToAll(
        `This machine's account may not call ${url}: give it roles/run.invoker on the service, and name it in the service's SPILLWAY_CALLER_ACCOUNTS.`,
      );
    case 413:
      return new PermanentError('file_too_large', tooLarge);
    case 429:
      return new OutageError('Cloud Run has no free place: its service is at its maximum of instances.');
    default:
      if (status < 500) return notAWorker(url, `it answered ${status}`);
      if (sent) return instanceLost(`Cloud Run answered ${status}: the instance ended, or failed.`);
      return new OutageError(`Cloud Run answered ${status}.`);
  }
}

export function notAWorker(url: string, why: string): RefusedError {
  return refusedToAll(
    `${url} is no worker that serves pictures: ${why}. SPILLWAY_RUN_URL has to name one, which has SPILLWAY_SERVES=pictures and this version.`,
  );
}

function refusedToAll(why: string): RefusedError {
  return new RefusedError(why, { scope: 'service' });
}

/** An instance ended while it may have been at work. The picture may be why, so this does not go on for ever. */
export function instanceLost(why: string, cause?: unknown): MachineError {
  return new MachineError('processes', why, { cause });
}
