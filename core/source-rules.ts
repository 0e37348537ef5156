import { z } from 'zod';
import { jobClassSchema } from './job.ts';
import { mostOperations } from './operations.ts';
import { mostNameBytes, storableText } from './text.ts';

/** What to do with all objects under a prefix, for senders that can neither rename nor set metadata, such as cameras. */
export const sourceRuleSchema = z.object({
  prefix: storableText(mostNameBytes).min(1),
  operations: z.array(storableText(mostNameBytes).min(1)).min(1).max(mostOperations),
  options: z.record(z.string(), z.unknown()).default({}),
  owner: storableText().nullable().default(null),
  /** `bulk`: nobody waits for these, even if their batch is small. */
  class: jobClassSchema.default('interactive'),
});
export type SourceRule = z.infer<typeof sourceRuleSchema>;

/** The document `settings/sources`. */
export const sourceSettingsSchema = z.object({ rules: z.array(sourceRuleSchema).default([]) });

/** The matching rule with the longest prefix, so that a narrower rule wins over a wider one. */
export function matchingRule(rules: SourceRule[], name: string): SourceRule | null {
  const matching = rules.filter((rule) => name.startsWith(rule.prefix));
  return matching.sort((a, b) => b.prefix.length - a.prefix.length)[0] ?? null;
}
