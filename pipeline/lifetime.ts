import { z } from 'zod';
import type { Lifetime } from './ports/blobs.ts';

/** A rule that deletes every object of a bucket at an age. */
const rule = z.object({
  action: z.object({ type: z.literal('Delete') }),
  // What has more conditions does not concern all objects.
  condition: z.strictObject({ age: z.int().min(0) }),
});

/**
 * How long a bucket keeps an object that nobody deletes.
 * @param lifecycle Of the bucket's settings. @see https://cloud.google.com/storage/docs/lifecycle
 */
export function lifetimeOf(lifecycle: { rule?: unknown[] | undefined } | null | undefined): Lifetime {
  const ages = (lifecycle?.rule ?? []).flatMap((each) => rule.safeParse(each).data?.condition.age ?? []);
  return ages.length === 0 ? { kind: 'until_deleted' } : { kind: 'days', days: Math.min(...ages) };
}
