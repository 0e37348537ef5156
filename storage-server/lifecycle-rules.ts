import { z } from 'zod';

const dayMs = 24 * 3_600_000;

/**
 * A rule that deletes what has reached an age, in days since it was created. All conditions have to be met.
 * @see https://cloud.google.com/storage/docs/lifecycle
 */
const deletionSchema = z.strictObject({
  action: z.strictObject({ type: z.literal('Delete') }),
  condition: z.strictObject({
    age: z.int().min(0),
    matchesPrefix: z.array(z.string()).min(1).optional(),
    matchesSuffix: z.array(z.string()).min(1).optional(),
  }),
});
export type DeletionRule = z.infer<typeof deletionSchema>;

/** There are no multipart uploads of the XML API here, so a rule that ends those left behind is always kept. */
const withoutEffect = z.looseObject({
  action: z.looseObject({ type: z.literal('AbortIncompleteMultipartUpload') }),
});

/** Whether a rule does here what it does in the cloud. */
export function isRuleKept(rule: unknown): boolean {
  return withoutEffect.safeParse(rule).success || deletionSchema.safeParse(rule).success;
}

/** The rules of a bucket's settings, whatever they are. */
export function lifecycleRules({ lifecycle }: Record<string, unknown>): unknown[] {
  const { rule } = (lifecycle ?? {}) as Record<string, unknown>;
  return Array.isArray(rule) ? rule : [];
}

/** Those of a bucket's rules that delete. */
export function deletionRules(settings: Record<string, unknown>): DeletionRule[] {
  return lifecycleRules(settings).flatMap((rule) => deletionSchema.safeParse(rule).data ?? []);
}

/**
 * Whether a version of that name is to be deleted.
 * @param timeCreated Of the version.
 * @param now Milliseconds since 1970.
 */
export function isMet({ condition }: DeletionRule, name: string, timeCreated: string, now: number): boolean {
  const { age, matchesPrefix, matchesSuffix } = condition;
  return (
    Date.parse(timeCreated) + age * dayMs <= now &&
    (matchesPrefix?.some((prefix) => name.startsWith(prefix)) ?? true) &&
    (matchesSuffix?.some((suffix) => name.endsWith(suffix)) ?? true)
  );
}
