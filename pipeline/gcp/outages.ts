import { messageOf, OutageError, RefusedError, StorageFullError } from '@spillway/core/errors.ts';

/** What a failure of a call means for its caller. */
type Meaning =
  /** The service or the network failed. It may pass. */
  | 'outage'
  /** There is no room. It passes when somebody makes some. */
  | 'full'
  /** The service refuses for good: this request, or every request. */
  | 'refused_request'
  | 'refused_service'
  /** An answer that the caller expects: there is no such thing, it is there already, or it has changed. */
  | 'answer'
  /** The error does not come from a service. */
  | 'unknown';

/** @see https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
const grpc = {
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

const passingNetworkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_STREAM_PREMATURE_CLOSE',
  'UND_ERR_SOCKET',
  'FILE_NO_UPLOAD',
  'CONTENT_DOWNLOAD_MISMATCH',
  'RESUMABLE_UPLOAD_NOT_FINISHED',
]);
/** Cloud Storage's reasons for a 403 that has nothing to do with permissions. */
const passingReasons = new Set(['rateLimitExceeded', 'userRateLimitExceeded', 'quotaExceeded']);
/** The credentials of this program are missing or no longer valid. Different codes come with these words. */
const badCredentials =
  /default credentials|invalid_grant|(Forbidden|Not Found) error was returned while attempting to retrieve an access ?token/i;
/**
 * No token could be had just now: the metadata server is slow, or answers 429 or 5xx, which passes. The client gives up
 * after some seconds, and different codes come with these words, too.
 * @see https://github.com/googleapis/google-cloud-python/issues/15178
 */
const noToken = /auth metadata|metadata from plugin|could not refresh access token/i;
/** Something that every request needs does not exist: a database, a topic, a bucket, an index. */
const missingResource =
  /database .* does not exist|(resource|topic|subscription) (not found|does not exist)|bucket does not exist|requires an index/i;
/** An index that was created a moment ago. */
const indexIsBuilt = /index is currently building/i;

export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** What the failure of a call to one of Google's services means, by its code and, where that is not enough, its words. */
export function meaningOf(error: unknown): Meaning {
  const code = codeOf(error);
  const words = error instanceof Error ? error.message : '';
  if (badCredentials.test(words)) return 'refused_service';
  if (noToken.test(words)) return 'outage';
  if (typeof code === 'string' && passingNetworkCodes.has(code)) return 'outage';
  const number = typeof code === 'string' ? Number(code || Number.NaN) : code;
  if (typeof number !== 'number' || !Number.isInteger(number)) return meaningOfWords(words);
  return number < 100 ? meaningOfGrpc(number, words) : meaningOfHttp(number, words, reasonsOf(error));
}

/** The clients' own words for a request that they do not send, or whose answer does not come. */
function meaningOfWords(words: string): Meaning {
  return /^Value for argument|^Did not receive document|^Element at index|^Cannot encode/.test(words)
    ? 'refused_request'
    : 'unknown';
}

function meaningOfGrpc(code: number, words: string): Meaning {
  switch (code) {
    case grpc.cancelled:
    case grpc.deadlineExceeded:
    case grpc.resourceExhausted:
    case grpc.aborted:
    case grpc.internal:
    case grpc.unavailable:
      return 'outage';
    case grpc.unknown:
      // The words of Firestore's emulator for a value that it cannot read.
      return /Application error processing RPC/.test(words) ? 'refused_request' : 'outage';
    case grpc.invalidArgument:
    case grpc.outOfRange:
    case grpc.dataLoss:
      return 'refused_request';
    case grpc.permissionDenied:
    case grpc.unauthenticated:
    case grpc.unimplemented:
      return 'refused_service';
    case grpc.notFound:
    case grpc.failedPrecondition:
      if (indexIsBuilt.test(words)) return 'outage';
      return missingResource.test(words) ? 'refused_service' : 'answer';
    case grpc.alreadyExists:
      return 'answer';
    default:
      return 'unknown';
  }
}

function meaningOfHttp(code: number, words: string, reasons: string[]): Meaning {
  switch (code) {
    case 404:
      return missingResource.test(words) ? 'refused_service' : 'answer';
    case 304:
    case 409:
    case 412:
      return 'answer';
    case 403:
      return reasons.some((reason) => passingReasons.has(reason)) ? 'outage' : 'refused_service';
    case 401:
    case 405:
      return 'refused_service';
    case 408:
    case 429:
      return 'outage';
    case 507:
      return 'full';
    default:
      if (code >= 500) return code === 501 || code === 505 ? 'refused_service' : 'outage';
      return code >= 400 ? 'refused_request' : 'unknown';
  }
}

/** Where the error comes from Cloud Storage: `errors` is a list of reasons. */
function reasonsOf(error: unknown): string[] {
  if (!(error instanceof Error && 'errors' in error && Array.isArray(error.errors))) return [];
  return error.errors.flatMap((each: unknown) =>
    each !== null && typeof each === 'object' && 'reason' in each ? [String(each.reason)] : [],
  );
}

/**
 * Awaits a call to a service. A failure that may pass becomes an `OutageError`, and a refusal for good a
 * `RefusedError`; both name the operation. An answer that the caller expects, and an error that does not come
 * from a service, stay as they are.
 * @param operation As in "Firestore refused to …".
 */
export async function orOutage<Value>(
  service: string,
  call: Promise<Value>,
  operation = 'answer',
): Promise<Value> {
  try {
    return await call;
  } catch (error) {
    throw asServiceError(service, error, operation);
  }
}

/** The failure of a call in our own words. */
export function asServiceError(service: string, error: unknown, operation: string): unknown {
  const why = messageOf(error);
  const meaning = meaningOf(error);
  switch (meaning) {
    case 'outage':
      return new OutageError(`${service} did not ${operation}: ${why}`, { cause: error });
    case 'full':
      return new StorageFullError(`${service} did not ${operation}: ${why}`, { cause: error });
    case 'refused_request':
      return new RefusedError(`${service} refused to ${operation}: ${why}`, { cause: error });
    case 'refused_service':
      return new RefusedError(`${service} refuses to ${operation}, as things are configured: ${why}`, {
        cause: error,
        scope: 'service',
      });
    case 'answer':
    case 'unknown':
      return error;
    default:
      return meaning satisfies never;
  }
}
