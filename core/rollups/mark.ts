import { z } from 'zod';
import { instant } from '../job.ts';
import { shownText } from '../text.ts';

export const markKinds = ['settings', 'sources', 'breaker', 'pause', 'drain'] as const;

/** Something that was changed at a moment, for charts to show where lines bend. */
export const markSchema = z.object({
  at: instant,
  /**
   * `settings`, `sources`: an admin changed them. `breaker`: Cloud Run's breaker changed its state. `pause`: an admin paused
   * or resumed a target or a worker. `drain`: an admin drained a worker or let it in again.
   */
  kind: z.enum(markKinds),
  /** One English sentence. */
  text: z.string(),
  /** The admin; null where nobody did it. */
  by: z.string().nullable().default(null),
});
export type Mark = z.infer<typeof markSchema>;

/** Marks of one record that are kept, the latest ones. */
export const mostMarks = 40;
/** Bytes. */
const longestText = 400;

export function markOf({ at, kind, text, by }: Mark): Mark {
  return {
    at,
    kind,
    text: shownText(text, longestText),
    by: by === null ? null : shownText(by, longestText),
  };
}

export function addMarks(marks: readonly Mark[], others: readonly Mark[]): Mark[] {
  return [...marks, ...others].sort((a, b) => a.at.getTime() - b.at.getTime()).slice(-mostMarks);
}
