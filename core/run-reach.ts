import { z } from 'zod';

/** How jobs reach Cloud Run from here. */
export const runReachSchema = z.discriminatedUnion('kind', [
  /** Messages are pushed to its worker, which works on the same database and buckets. */
  z.object({ kind: z.literal('jobs') }),
  /** Pictures are sent to this address by `spill`, which is the worker of these jobs here. */
  z.object({ kind: z.literal('pictures'), url: z.string() }),
  /** There is no Cloud Run. */
  z.object({ kind: z.literal('none') }),
]);
export type RunReach = z.infer<typeof runReachSchema>;

const mebibyte = 1_024 * 1_024;

/**
 * Largest picture that is sent to Cloud Run, in bytes: a request over HTTP/1 has at most 32 MiB, of which its first line
 * has a part.
 * @see https://cloud.google.com/run/quotas#request_limits
 */
export const largestSentPicture = 32 * mebibyte - 64 * 1_024;
