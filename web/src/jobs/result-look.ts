import type { JobView } from '@spillway/web/api/schema.ts';
import { manifestFor } from '../operations/known-operations.ts';

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

/** The options of a job may be older than the manifest, so they are completed first. */
function isSeeThrough({ operation, options }: JobView): boolean {
  const manifest = manifestFor(operation);
  if (manifest?.produces.kind !== 'picture' || !manifest.produces.transparentWhen) return false;
  const chosen = manifest.options.safeParse(options);
  const wanted = Object.entries(manifest.produces.transparentWhen);
  return chosen.success && wanted.every(([key, value]) => chosen.data[key] === value);
}
