import type { Batch, Picture, PictureResult } from './batch.ts';
import { visitorFailure } from './visitor-words.ts';

/** Pictures of a batch of which something failed for the same reason. */
export interface FailureGroup {
  reason: string;
  pictures: readonly FailedPicture[];
}

export interface FailedPicture {
  picture: Picture;
  /** What failed of it for this reason. */
  results: readonly PictureResult[];
}

/** The failures of a batch by their reason, the most frequent first. */
export function failureGroups({ pictures }: Pick<Batch, 'pictures'>): FailureGroup[] {
  const byReason = new Map<string, Map<Picture, PictureResult[]>>();
  for (const picture of pictures) {
    for (const result of picture.results) {
      const reason = reasonOf(result);
      if (reason === null) continue;
      const group = byReason.get(reason) ?? new Map<Picture, PictureResult[]>();
      group.set(picture, [...(group.get(picture) ?? []), result]);
      byReason.set(reason, group);
    }
  }
  return [...byReason]
    .map(([reason, group]) => ({
      reason,
      pictures: [...group].map(([picture, results]) => ({ picture, results })),
    }))
    .sort((a, b) => b.pictures.length - a.pictures.length);
}

function reasonOf({ stage }: PictureResult): string | null {
  if (stage.kind === 'upload-failed') return stage.message;
  return stage.kind === 'failed' ? visitorFailure(stage.error).summary : null;
}
