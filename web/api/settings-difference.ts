import {
  differencesBetween,
  differenceWords,
  type SettingsDifference,
  type SettingsDocument,
  type SettingsEntry,
  type Undone,
  undone,
} from '@spillway/core/settings-history.ts';
import { type SourceRule, sourceSettingsSchema } from '@spillway/core/source-rules.ts';

/** What differs between two values of one schema, as `path: before → after`, separated by semicolons. Empty where nothing does. */
export function differenceBetween(before: unknown, after: unknown): string {
  return differencesBetween(before, after).map(differenceWords).join('; ');
}

export function differenceOfRules(before: SourceRule[], after: SourceRule[]): string {
  return differenceBetween(rulesByPrefix(before), rulesByPrefix(after));
}

/** What a change has changed. */
export function differencesOf({ document, before, after }: SettingsEntry): SettingsDifference[] {
  return differencesBetween(inForm(document, JSON.parse(before)), inForm(document, JSON.parse(after)));
}

/** The settings without what a change did, before they are validated. */
export function withoutChange(entry: SettingsEntry, current: unknown): Undone {
  const result = undone(inForm(entry.document, current), differencesOf(entry));
  if (result.kind !== 'undone' || entry.document !== 'sources') return result;
  return { kind: 'undone', value: { rules: Object.values(result.value as Record<string, unknown>) } };
}

/** Rules are told apart by their prefixes: their order says nothing. */
function inForm(document: SettingsDocument, value: unknown): unknown {
  if (document === 'routing') return value;
  const parsed = sourceSettingsSchema.safeParse(value);
  return rulesByPrefix(parsed.success ? parsed.data.rules : []);
}

function rulesByPrefix(rules: readonly SourceRule[]): Record<string, SourceRule> {
  return Object.fromEntries(rules.map((rule) => [rule.prefix, rule]));
}
