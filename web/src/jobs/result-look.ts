import { operations } from '@spillway/core/operations.ts';
import type { JobView } from '@spillway/web/api/schema.ts';

/** How a result is shown: words beside their picture, or a picture that may let its background through. */
export type ResultLook = { kind: 'words' } | { kind: 'picture'; seeThrough: boolean; ratio: number };

/** A picture that is longer than this gets room beside it, so that its slider can still be held. */
const longest = 3;

export function resultLook(job: JobView): ResultLook {
  const { result } = job;
  if (!result?.contentType.startsWith('image/')) return { kind: 'words' };
  const ratio = result.width > 0 && result.height > 0 ? result.width / result.height : 4 / 3;
  return {
    kind: 'picture',
    seeThrough: isSeeThrough(job),
    ratio: Math.min(longest, Math.max(1 / longest, ratio)),
  };
}

/** Only a cut-out that was put on no colour has anything to see through. */
function isSeeThrough({ operation, options }: JobView): boolean {
  if (operation !== 'remove-background') return false;
  const chosen = operations[operation].options.safeParse(options);
  return chosen.success && chosen.data.output === 'cutout' && chosen.data.background === '';
}
