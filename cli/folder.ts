import type { Stats } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { fileProblem } from './file-problem.ts';
import { fileOrProblem, identityOf, lookAt } from './input.ts';
import { earlierResults } from './result-names.ts';

/** Why an entry of a folder is left out. */
const leftOutWords = {
  hidden: 'hidden',
  other: 'not a picture by its name',
  result: 'a result of an earlier run',
  folder: 'a folder, which --recursive would take too',
  linkedFolder: 'a link to a folder',
  results: 'the folder of the results',
} as const;
type LeftOutReason = keyof typeof leftOutWords;

/** The contents of a folder. Paths are relative to it and sorted. */
export interface FolderListing {
  pictures: { path: string; identity: string }[];
  /** Entries that cannot be read although they are folders or have a picture's name. `message` is a sentence. */
  unreadable: { path: string; message: string }[];
  leftOut: { path: string; reason: LeftOutReason }[];
}

/** Files with these extensions are taken. Their content decides later whether they are pictures of a supported type. */
const pictureExtensions =
  /[.](jpe?g|jpe|jfif|a?png|webp|avif|hei[cf]|gif|tiff?|bmp|svg|jp2|j2k|jxl|psd|ico|dng|cr[23]|nef|arw|raf)$/i;

export function isPictureName(name: string): boolean {
  return pictureExtensions.test(name);
}

/**
 * Lists the pictures of a folder, and everything that is left out.
 * @param resultsFolder The folder for results, which is not read for pictures. Null if results go beside the inputs.
 */
export async function listFolder(
  root: string,
  recursive: boolean,
  resultsFolder: string | null,
): Promise<FolderListing> {
  const listing: FolderListing = { pictures: [], unreadable: [], leftOut: [] };
  const passedOver = resultsFolder === null ? null : await realpath(resultsFolder).catch(() => null);
  await addFolder({ root, recursive, passedOver, listing }, '');
  const byPath = (a: { path: string }, b: { path: string }): number => compare(a.path, b.path);
  listing.pictures.sort(byPath);
  listing.unreadable.sort(byPath);
  listing.leftOut.sort(byPath);
  return listing;
}

interface Walk {
  root: string;
  recursive: boolean;
  /** Real path. */
  passedOver: string | null;
  listing: FolderListing;
}

async function addFolder(walk: Walk, folder: string): Promise<void> {
  const { root, listing } = walk;
  const names = await namesIn(join(root, folder)).catch((error: unknown) => {
    const problem = fileProblem(error);
    if (problem === null) throw error;
    listing.unreadable.push({ path: folder, message: `${join(root, folder)} ${problem}.` });
    return [];
  });
  const results = earlierResults(names.filter(isPictureName));
  for (const name of names) {
    const path = join(folder, name);
    if (name.startsWith('.')) listing.leftOut.push({ path, reason: 'hidden' });
    else if (name.includes('\u{fffd}') && !isPictureName(name))
      listing.leftOut.push({ path, reason: 'other' });
    else if (results.has(name)) listing.leftOut.push({ path, reason: 'result' });
    else await addEntry(walk, path, name);
  }
}

async function addEntry(walk: Walk, path: string, name: string): Promise<void> {
  const { root, listing } = walk;
  const whole = join(root, path);
  const found = await lookAt(whole);
  switch (found.kind) {
    case 'found':
      if (found.stats.isDirectory()) await addSubfolder(walk, path, found.isLink);
      else if (!isPictureName(name)) listing.leftOut.push({ path, reason: 'other' });
      else await addPicture(listing, path, whole, found.stats);
      break;
    case 'absent':
      // Node changes a name that is not UTF-8, and cannot open the file by the changed name.
      listing.unreadable.push({ path, message: `${whole} is not there any more, or its name is not UTF-8.` });
      break;
    case 'broken link':
    case 'problem':
      if (isPictureName(name)) listing.unreadable.push({ path, message: `${whole} ${found.problem}.` });
      else listing.leftOut.push({ path, reason: 'other' });
      break;
    default:
      found satisfies never;
  }
}

async function addSubfolder(walk: Walk, path: string, isLink: boolean): Promise<void> {
  const { root, recursive, passedOver, listing } = walk;
  if (!recursive) listing.leftOut.push({ path, reason: 'folder' });
  // A link may lead back to a folder above it.
  else if (isLink) listing.leftOut.push({ path, reason: 'linkedFolder' });
  else if (passedOver !== null && (await realpath(join(root, path)).catch(() => null)) === passedOver) {
    listing.leftOut.push({ path, reason: 'results' });
  } else await addFolder(walk, path);
}

async function addPicture(listing: FolderListing, path: string, whole: string, stats: Stats): Promise<void> {
  const input = await fileOrProblem(whole, stats);
  if (input.kind === 'file') listing.pictures.push({ path, identity: identityOf(stats) });
  else listing.unreadable.push({ path, message: input.message });
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).sort(compare);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** A line for each reason to leave something out, with the names of all entries. */
export function describeLeftOut({ leftOut }: FolderListing): string[] {
  const byReason = Map.groupBy(leftOut, ({ reason }) => reason);
  return [...byReason].map(([reason, entries]) => {
    const count = entries.length === 1 ? '1 is' : `${entries.length} are`;
    return `${count} left out (${leftOutWords[reason]}): ${entries.map(({ path }) => path).join(', ')}`;
  });
}
