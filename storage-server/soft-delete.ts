import { z } from 'zod';
import { invalid } from './errors.ts';
import type { ObjectVersion } from './object-version.ts';

/** An object that was deleted or overwritten, and can be restored until its `hardDeleteTime`. */
export interface SoftDeletedVersion extends ObjectVersion {
  softDeleteTime: string;
  hardDeleteTime: string;
}

/**
 * Seconds. What a new bucket has, and the range of what it may be given; 0 switches it off.
 * @see https://cloud.google.com/storage/docs/soft-delete
 */
const retention = { standard: 604_800, least: 604_800, most: 7_776_000 } as const;

const policySchema = z.looseObject({ retentionDurationSeconds: z.coerce.number().int() });

/** A bucket's `softDeletePolicy` in the form that the API shows. */
export type SoftDeletePolicy = ReturnType<typeof softDeletePolicy>;

/**
 * The policy that a request asks for; without one, that of every new bucket. Throws a 400.
 * @param effectiveTime When it was set.
 */
export function softDeletePolicy(asked: unknown, effectiveTime: string) {
  if (asked === undefined) return { retentionDurationSeconds: String(retention.standard), effectiveTime };
  const { success, data } = policySchema.safeParse(asked);
  const seconds = data?.retentionDurationSeconds ?? Number.NaN;
  if (!success || (seconds !== 0 && !(seconds >= retention.least && seconds <= retention.most))) {
    throw invalid(
      `Soft delete policy retention duration must be 0, or ${retention.least} to ${retention.most} seconds.`,
    );
  }
  return { retentionDurationSeconds: String(seconds), effectiveTime };
}

/** What becomes of a version that ends now. Undefined where its bucket keeps nothing. */
export function softDeleted(
  version: ObjectVersion,
  policy: SoftDeletePolicy | undefined,
  now: number,
): SoftDeletedVersion | undefined {
  const seconds = Number(policy?.retentionDurationSeconds ?? 0);
  if (seconds === 0) return undefined;
  return {
    ...version,
    softDeleteTime: new Date(now).toISOString(),
    hardDeleteTime: new Date(now + seconds * 1000).toISOString(),
  };
}

export const isRestorable = (version: SoftDeletedVersion, now: number): boolean =>
  Date.parse(version.hardDeleteTime) > now;
