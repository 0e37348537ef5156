import { countOf } from '@spillway/core/amounts.ts';
import type { BatchProgress } from './batch-progress.ts';
import { timeLeftWords } from './time-left.ts';

/** How far a batch is, in one line. */
export function progressWords(progress: BatchProgress, leftMs: number | null): string {
  const { pictures, ended, open, failed, stopped } = progress;
  if (open > 0) {
    const left = leftMs === null ? '' : ` · ${timeLeftWords(leftMs)}`;
    return `${ended} of ${countOf(pictures, 'picture')} done${left}`;
  }
  const whole = ended - failed - stopped;
  const parts = [
    whole === pictures ? 'All done' : `${whole} of ${countOf(pictures, 'picture')} done`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(stopped > 0 ? [`${stopped} stopped`] : []),
  ];
  return parts.join(' · ');
}

const timeOfDay = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const dayAndTime = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

/** When a batch was added, in the reader's time zone: `today, 12:40` or `27 Nov, 12:40`. */
export function addedWords(addedAt: number, now: number): string {
  const added = new Date(addedAt);
  const isToday = added.toDateString() === new Date(now).toDateString();
  return isToday ? `today, ${timeOfDay.format(added)}` : dayAndTime.format(added);
}
