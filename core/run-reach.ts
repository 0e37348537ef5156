/** How jobs reach Cloud Run from here. */
export type RunReach =
  /** Messages are pushed to its worker, which works on the same database and buckets. */
  | { kind: 'jobs' }
  /** Pictures are sent to this address by `spill`, which is the worker of these jobs here. */
  | { kind: 'pictures'; url: string }
  /** There is no Cloud Run. */
  | { kind: 'none' };

const mebibyte = 1_024 * 1_024;

/**
 * Largest picture that is sent to Cloud Run, in bytes: a request over HTTP/1 has at most 32 MiB, of which its first line
 * has a part.
 * @see https://cloud.google.com/run/quotas#request_limits
 */
export const largestSentPicture = 32 * mebibyte - 64 * 1_024;
