import type { Job } from '@spillway/core/job.ts';
import { firstBytes } from '@spillway/core/text.ts';

/** The name that the picture's sender gave it, without folders. */
export function fileNameOf({ source }: Pick<Job, 'source'>): string {
  return source.name.split('/').at(-1) || 'picture';
}

/** The same without its extension. */
export function baseNameOf(job: Pick<Job, 'source'>): string {
  return fileNameOf(job).replace(/(?<=.)\.\w{1,8}$/, '');
}

/** Names that Windows keeps for devices, whatever their extension. */
const devices = /^(?:con|prn|aux|nul|com\d|lpt\d)$/i;

/** Bytes of UTF-8. File systems take names of 255, and what is made of the picture stands behind this part. */
const longestName = 180;

/**
 * A name that every system can unpack into a folder: no path, no control characters, no dot or space at its end, and not
 * too long.
 */
export function safeName(name: string): string {
  const allowed = name.toWellFormed().replaceAll(/[\p{Cc}<>:"/\\|?*]/gu, '_');
  const clean = firstBytes(allowed, longestName).replace(/[. ]+$/, '');
  return clean === '' || devices.test(clean) ? `_${clean}` : clean;
}

/**
 * Gives each name once: a second `cat` becomes `cat (2)`. Names that differ in upper and lower case alone are the same on
 * some systems, and so are the ways in which Unicode writes an accent.
 */
export function createUniqueNames(): (name: string) => string {
  const taken = new Set<string>();
  /** By a name, the number that the next one like it is tried with: telephones call every picture `image.jpg`. */
  const next = new Map<string, number>();
  const key = (name: string) => name.normalize('NFC').toLowerCase();
  return (name) => {
    const asked = key(name);
    for (let number = next.get(asked) ?? 1; ; number++) {
      const candidate = number === 1 ? name : `${name} (${number})`;
      if (taken.has(key(candidate))) continue;
      taken.add(key(candidate));
      next.set(asked, number + 1);
      return candidate;
    }
  };
}
