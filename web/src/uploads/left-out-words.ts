import { countOf } from '@spillway/core/amounts.ts';
import type { LeftOut } from './picked-files.ts';

/** The number of names in one sentence. The page lists them all. */
const mostNamed = 3;

/** Why one item was left out, to follow its name. */
export function leftOutWords(leftOut: LeftOut): string {
  switch (leftOut.why) {
    case 'refused':
      return leftOut.words;
    case 'file-unreadable':
      return 'could not be read. Is it still there, is its path short enough, may you open it?';
    case 'folder-unreadable':
      return 'could not be listed to its end. What was found in it is sent.';
    case 'folder-empty':
      return 'is an empty folder.';
    case 'hidden':
      return 'is a hidden file or folder that a system or a program keeps for itself.';
    case 'unknown':
      return 'is neither a file nor a folder for this browser.';
    default:
      return leftOut satisfies never;
  }
}

/** True for items that a person will not miss. */
export function isMinor({ why }: LeftOut): boolean {
  return why === 'hidden' || why === 'folder-empty';
}

/** One sentence about all items, for screen readers; null if nothing was left out. */
export function leftOutSummary(leftOut: readonly LeftOut[]): string | null {
  if (leftOut.length === 0) return null;
  const missed = leftOut.filter((each) => !isMinor(each));
  if (missed.length === 0) return `${countOf(leftOut.length, 'hidden or empty thing')} left out.`;
  const sentences = missed
    .slice(0, mostNamed)
    .map((each) => `${each.name} ${firstSentence(leftOutWords(each))}`);
  const more = missed.length - sentences.length;
  return ['Not sent:', ...sentences, ...(more > 0 ? [`And ${more} more.`] : [])].join(' ');
}

function firstSentence(words: string): string {
  return /^.*?\.(?= |$)/.exec(words)?.[0] ?? words;
}
