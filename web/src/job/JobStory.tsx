import type { JobView } from '@spillway/web/api/schema.ts';
import { HatchBar } from '../components/HatchBar.tsx';
import { WordsWithCommand } from '../components/WordsWithCommand.tsx';
import { formatMoment, offsetWords } from '../format/duration.ts';
import { coarseDownload } from '../live/download-news.ts';
import type { StoryStep } from './job-story.ts';

interface JobStoryProps {
  job: JobView;
  steps: readonly StoryStep[];
  /** Milliseconds since 1970, from which the times of later steps count. */
  start: number;
}

/** A job's life, one step below the other. */
export function JobStory({ job, steps, start }: JobStoryProps) {
  return (
    <>
      <ol class="story">
        {steps.map((step, index) => (
          <li key={index} class={step.tone}>
            <p class="story-title">
              {step.title}
              {step.at && (
                <time dateTime={step.at.toISOString()} title={formatMoment(step.at)}>
                  {step.at.getTime() - start < 1
                    ? formatMoment(step.at)
                    : offsetWords(step.at.getTime() - start)}
                </time>
              )}
            </p>
            {step.detail && (
              <p class="story-detail">
                <WordsWithCommand text={step.detail} />
              </p>
            )}
            {step.share !== undefined && <HatchBar label={step.title} share={step.share} />}
          </li>
        ))}
      </ol>
      <p class="visually-hidden" role="status">
        {job.progress && coarseDownload(job.progress)}
      </p>
    </>
  );
}
