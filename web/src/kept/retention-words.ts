import type { DeletionOfFiles, Retention } from '@spillway/web/api/schema.ts';

type Lifetime = Retention['originals'];

/** How long things are kept, as sentences for the person whose things they are. */
export function retentionWords({ originals, results, jobDays }: Retention): string[] {
  return [
    `This page shows a result for ${daysWords(jobDays)} after it was made.`,
    sameLifetime(originals, results)
      ? `Originals and results ${lifeWords(originals)}.`
      : `Originals ${lifeWords(originals)}; results ${lifeWords(results)}.`,
  ];
}

/** What is left of what a person deletes. */
export function afterDeletionWords({ deleted, tombstoneDays, unfinishedDays }: Retention): string[] {
  return [
    fileWords(deleted),
    `A note that a file of that name was deleted stays for ${daysWords(tombstoneDays)}, so that nothing brings it back; it has no picture. Uploads that were broken off are forgotten after ${daysWords(unfinishedDays)}.`,
  ];
}

function fileWords(deleted: DeletionOfFiles): string {
  switch (deleted.kind) {
    case 'removed':
      return 'What you delete is gone at once, its files too.';
    case 'kept':
      return `What you delete is gone from here at once. Its files are kept out of reach for ${daysWords(Math.ceil(deleted.forSeconds / 86_400))} more, in which admins of this site can restore them, and nobody can remove them earlier.`;
    case 'versioned':
      return 'What you delete is gone from here at once. Its files stay out of reach as older versions, which admins of this site can restore.';
    case 'unknown':
      return 'What you delete is gone from here at once. Its files may be kept out of reach for some time, in which admins of this site can restore them.';
    default:
      return deleted satisfies never;
  }
}

function lifeWords(lifetime: Lifetime): string {
  switch (lifetime.kind) {
    case 'days':
      return `are deleted ${daysWords(lifetime.days)} after they came`;
    case 'until_deleted':
      return 'stay in storage until you delete them';
    case 'unknown':
      return 'stay for as long as whoever runs this site keeps them';
    default:
      return lifetime satisfies never;
  }
}

function sameLifetime(a: Lifetime, b: Lifetime): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function daysWords(days: number): string {
  return days === 1 ? 'a day' : `${days} days`;
}
