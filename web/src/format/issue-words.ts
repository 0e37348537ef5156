import type { z } from 'zod';

/**
 * What a schema finds wrong with a value, as the rest of a sentence that begins with its name; null where only the
 * schema's own message tells.
 * @param limitWords A limit of a number, in the unit in which it is shown.
 */
export function issueWords(
  issue: z.core.$ZodIssue,
  limitWords: (limit: number) => string = String,
): string | null {
  const limit = (value: number | bigint, origin: string) =>
    origin === 'string' ? `${value} characters long` : limitWords(Number(value));
  switch (issue.code) {
    case 'too_small': {
      const bound = issue.inclusive === false ? 'more than' : 'at least';
      return `must be ${bound} ${limit(issue.minimum, issue.origin)}`;
    }
    case 'too_big': {
      const bound = issue.inclusive === false ? 'less than' : 'at most';
      return `must be ${bound} ${limit(issue.maximum, issue.origin)}`;
    }
    case 'invalid_type':
      if (issue.expected === 'int') return 'must be a whole number';
      return issue.expected === 'number' ? 'must be a number' : 'is not valid';
    default:
      return null;
  }
}

/** Makes a sentence of the end of one: `must be odd` becomes `Must be odd.` */
export function asSentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
