import { countOf } from '@spillway/core/amounts.ts';
import { clockStart, type GiveBackReason, type HistoryEntry, isAskedAgain } from '@spillway/core/job.ts';
import type { JobDetail } from '@spillway/web/api/admin-schema.ts';
import { formatDuration } from '../format/duration.ts';
import { reasonLabel } from '../jobs/reasons.ts';
import { failureWords, stateLabel, targetLabel } from '../jobs/words.ts';
import { type StoryStep, storyOf } from './job-story.ts';

const backWords: Record<GiveBackReason, string> = {
  failed: 'The attempt failed, and counts',
  outage: 'A service did not answer; the attempt does not count',
  leaving: 'The worker left; the attempt does not count',
  machine: 'The machine lacked something; the attempt does not count',
};

/**
 * A job's life, in order, from its history. A document of an earlier version has none: its story is told from what else it
 * says.
 */
export function historySteps(job: JobDetail): StoryStep[] {
  if (job.history.length === 0) return storyOf(job);
  const story = storyOf(job);
  const [begin] = story;
  const now = story.filter(({ tone }) => tone === 'now');
  const steps: StoryStep[] = begin ? [begin] : [];
  if (!isAskedAgain(job)) {
    const ms = job.createdAt.getTime() - clockStart(job).getTime();
    steps.push(step('The event of the upload arrived', job.createdAt, `${formatDuration(ms)} after it.`));
  }
  for (const [index, entry] of job.history.entries())
    steps.push(entryStep(entry, job.history[index - 1], job));
  if (job.eventPublishedAt) steps.push(step('Announced on job-events', job.eventPublishedAt, null));
  return [...steps, ...now];
}

function entryStep(entry: HistoryEntry, before: HistoryEntry | undefined, job: JobDetail): StoryStep {
  const { at } = entry;
  switch (entry.kind) {
    case 'decided': {
      const to = targetLabel(entry.target);
      const title =
        entry.epoch === 0
          ? `Sent to ${to}: ${reasonLabel(entry.reason)}`
          : entry.movedFrom === null
            ? `Back into the line of ${to}: ${reasonLabel(entry.reason)}`
            : `Moved from ${targetLabel(entry.movedFrom)} to ${to}: ${reasonLabel(entry.reason)}`;
      return step(title, at, entry.explanation);
    }
    case 'published':
      return step('Its message was published', at, null);
    case 'claimed': {
      const isTakenOver = before?.kind === 'claimed';
      const detail = isTakenOver ? `The claim of ${before.worker} had expired.` : null;
      return step(`Claimed by ${entry.worker}, attempt ${entry.attempt}`, at, detail);
    }
    case 'given_back': {
      const code = entry.code === null ? '' : ` (${entry.code})`;
      const tone = entry.why === 'failed' ? 'failed' : 'done';
      return { ...step(`Given back by ${entry.worker}${code}`, at, `${backWords[entry.why]}.`), tone };
    }
    case 'ended': {
      const failure = job.error && entry.code !== null ? failureWords(job.error) : null;
      const detail = failure ? [failure.summary, failure.detail].filter(Boolean).join(' ') : null;
      return { ...step(stateLabel(job), at, detail), tone: entry.state === 'failed' ? 'failed' : 'done' };
    }
    case 'left_out':
      return step(
        `${countOf(entry.entries, 'more step')}`,
        at,
        'The document keeps the first and the latest steps.',
      );
    default:
      return entry satisfies never;
  }
}

function step(title: string, at: Date, detail: string | null): StoryStep {
  return { title, at, detail, tone: 'done' };
}
