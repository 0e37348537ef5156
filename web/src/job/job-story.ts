import type { JobView } from '@spillway/web/api/schema.ts';
import { formatDuration } from '../format/duration.ts';
import { isRouted } from '../jobs/job-order.ts';
import { downloadWords, failureWords, movedWords, stateLabel, targetLabel } from '../jobs/words.ts';

/** One step of a job's life. `at` is null if the document does not say when. */
export interface StoryStep {
  title: string;
  at: Date | null;
  detail: string | null;
  tone: 'done' | 'now' | 'failed';
  /** Progress of the current step, 0..1, if it is known. */
  share?: number;
}

/** A job's life so far, in order. */
export function storyOf(job: JobView): StoryStep[] {
  const { route, timings, source } = job;
  const steps: StoryStep[] = [
    {
      title: job.retryOf ? `Asked for again, run ${job.run}` : 'Uploaded',
      at: job.retryOf ? job.createdAt : source.timeCreated,
      detail: job.retryOf ? `The picture was uploaded before; this repeats ${job.retryOf}.` : null,
      tone: 'done',
    },
  ];
  const moved = movedWords(route);
  if (isRouted(job)) {
    steps.push({
      title: `Routed to ${targetLabel(route.target)}`,
      at: route.at,
      detail: moved ? `${route.explanation} (${moved})` : route.explanation,
      tone: 'done',
    });
  }
  if (job.publishedAt)
    steps.push({ title: 'Handed to the queue', at: job.publishedAt, detail: null, tone: 'done' });
  if (job.attempt > 0) steps.push(claimStep(job));
  if (job.progress) {
    const { model, share } = job.progress;
    steps.push({ title: downloadWords(share), at: null, detail: model, tone: 'now', share });
  }
  if (timings && job.state === 'succeeded') {
    const parts = [
      `download ${formatDuration(timings.downloadMs)}`,
      ...(timings.slotWaitMs > 0 ? [`wait for a slot ${formatDuration(timings.slotWaitMs)}`] : []),
      `operation ${formatDuration(timings.processMs)}`,
      `store ${formatDuration(timings.storeMs)}`,
    ];
    steps.push({ title: 'Worked on', at: null, detail: parts.join(', '), tone: 'done' });
  }
  if (job.endedAt) steps.push(endStep(job, job.endedAt));
  else if (job.state === 'queued') {
    const isDecided = isRouted(job);
    const title = isDecided ? 'Waiting for a free slot' : 'Waiting for a decision where it goes';
    steps.push({ title, at: null, detail: isDecided ? null : route.explanation, tone: 'now' });
  }
  return steps;
}

function claimStep(job: JobView): StoryStep {
  const at = job.timings ? new Date(job.source.timeCreated.getTime() + job.timings.waitMs) : null;
  const who = job.claim ? ` by ${job.claim.worker}` : '';
  const tries = job.attempt > 1 ? `Attempt ${job.attempt}.` : null;
  return {
    title: `Claimed${who}`,
    at: job.retryOf ? null : at,
    detail: tries,
    tone: job.state === 'processing' && !job.progress ? 'now' : 'done',
  };
}

function endStep(job: JobView, at: Date): StoryStep {
  const failure = job.error ? failureWords(job.error) : null;
  const total = job.timings ? `${formatDuration(job.timings.totalMs)} after the upload.` : null;
  return {
    title: stateLabel(job),
    at,
    detail: failure ? [failure.summary, failure.detail].filter(Boolean).join(' ') : total,
    tone: job.state === 'succeeded' ? 'done' : 'failed',
  };
}
