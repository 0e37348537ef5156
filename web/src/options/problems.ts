import type { z } from 'zod';
import { issueWords } from '../format/issue-words.ts';
import { optionLabel } from './fields.ts';

/** Problems of options by key, each as the rest of a sentence that begins with the option's label. */
export type OptionProblems = Readonly<Record<string, string>>;

/** Checks options as the server will, before anything is sent. */
export function optionProblems(options: z.ZodObject, values: Record<string, unknown>): OptionProblems {
  const parsed = options.safeParse(values);
  if (parsed.success) return {};
  const keys = Object.keys(options.shape);
  const problems: Record<string, string> = {};
  for (const issue of parsed.error.issues) {
    // Only the first issue of an option is shown; solving it may solve the others.
    problems[String(issue.path[0] ?? '')] ??= issueWords(issue) ?? namingOptions(issue.message, keys);
  }
  return problems;
}

/** The message of a refinement names other options by their keys, and people know them by their labels. */
function namingOptions(message: string, keys: string[]): string {
  return keys.reduce((words, key) => words.replaceAll(key, optionLabel(key).toLowerCase()), message);
}
