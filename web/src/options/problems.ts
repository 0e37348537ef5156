import type { z } from 'zod';
import { optionLabel } from './fields.ts';

/** What is wrong with options, by key, as the rest of a sentence that begins with the option's label. */
export type OptionProblems = Readonly<Record<string, string>>;

/** Checks options as the server will, before anything is sent. */
export function optionProblems(options: z.ZodObject, values: Record<string, unknown>): OptionProblems {
  const parsed = options.safeParse(values);
  if (parsed.success) return {};
  const keys = Object.keys(options.shape);
  const problems: Record<string, string> = {};
  for (const issue of parsed.error.issues) {
    // The first issue of an option is the one to mend; the others may go with it.
    problems[String(issue.path[0] ?? '')] ??= issueWords(issue, keys);
  }
  return problems;
}

type Issue = z.core.$ZodIssue;

function issueWords(issue: Issue, keys: string[]): string {
  switch (issue.code) {
    case 'too_small':
      return `must be at least ${limitWords(issue.minimum, issue.origin)}`;
    case 'too_big':
      return `must be at most ${limitWords(issue.maximum, issue.origin)}`;
    case 'invalid_type':
      if (issue.expected === 'int') return 'must be a whole number';
      return issue.expected === 'number' ? 'must be a number' : 'is not valid';
    default:
      // A refinement's own words name other options by their keys.
      return keys.reduce(
        (words, key) => words.replaceAll(key, optionLabel(key).toLowerCase()),
        issue.message,
      );
  }
}

function limitWords(limit: number | bigint, origin: string): string {
  return origin === 'string' ? `${limit} characters long` : String(limit);
}

/** `must be odd` stands alone as `Must be odd.` */
export function asSentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
