import type { DeletionOfFiles } from '@spillway/web/api/schema.ts';

/** Seconds. */
const day = 86_400;

/** What the second press of the button would do; null while that is not known. */
export function deletionWords(files: DeletionOfFiles | null): string {
  switch (files?.kind) {
    case undefined:
    case 'unknown':
      return 'Really delete?';
    case 'removed':
      return 'Really delete, for good?';
    case 'kept':
      return `Really delete? Admins can restore the files for ${daysOf(files.forSeconds)}.`;
    case 'versioned':
      return 'Really delete? Admins can restore the files.';
    default:
      return files satisfies never;
  }
}

function daysOf(seconds: number): string {
  const days = Math.ceil(seconds / day);
  return days === 1 ? 'a day' : `${days} days`;
}
