import { z } from 'zod';
import { jobClassSchema } from './job.ts';
import { whyIgnored } from './object-names.ts';
import { isOperationName, mostOperations, optionsFor, parseOptions } from './operations.ts';
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

/** Rules that an admin can save. A router goes through all of them for each upload. */
export const mostSourceRules = 200;

/** The document `settings/sources`. */
export const sourceSettingsSchema = z.object({ rules: z.array(sourceRuleSchema).default([]) });

/** The matching rule with the longest prefix, so that a narrower rule wins over a wider one. */
export function matchingRule(rules: SourceRule[], name: string): SourceRule | null {
  const matching = rules.filter((rule) => name.startsWith(rule.prefix));
  return matching.sort((a, b) => b.prefix.length - a.prefix.length)[0] ?? null;
}

/** What is wrong with a rule that the schema takes. */
export interface RuleProblem {
  /** Its place in the list. */
  rule: number;
  field: keyof SourceRule;
  message: string;
}

/**
 * Why rules could not do what they say. Nobody can save them; rules that were saved by an earlier version are in force all the
 * same.
 * @param before Rules in force: an operation that they name already may stay, because its plug-in may come back.
 */
export function problemsOfRules(
  rules: readonly SourceRule[],
  before: readonly SourceRule[] = [],
): RuleProblem[] {
  const knownBefore = new Set(before.flatMap(({ operations }) => operations));
  return rules.flatMap((rule, index) => {
    const at = (field: keyof SourceRule, message: string): RuleProblem => ({ rule: index, field, message });
    const first = rules.findIndex(({ prefix }) => prefix === rule.prefix);
    const unknown = rule.operations.filter((name) => !isOperationName(name) && !knownBefore.has(name));
    return [
      ...(whyIgnored(rule.prefix) === 'underscore'
        ? [at('prefix', 'Objects whose name begins with _ are no uploads: no rule reaches them.')]
        : []),
      ...(first < index ? [at('prefix', `Rule ${first + 1} has the same prefix.`)] : []),
      ...unknown.map((name) => at('operations', `There is no operation “${name}”.`)),
      ...(new Set(rule.operations).size < rule.operations.length
        ? [at('operations', 'An operation is named twice.')]
        : []),
      ...optionProblems(rule).map((message) => at('options', message)),
    ];
  });
}

/** Options go to all operations of a rule, so each has to take them. */
function optionProblems({ operations, options }: SourceRule): string[] {
  return operations.filter(isOperationName).flatMap((name) => {
    const parsed = parseOptions(name, optionsFor(name, options));
    return parsed.ok ? [] : [parsed.message];
  });
}
