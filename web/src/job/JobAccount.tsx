import { clockStart } from '@spillway/core/job.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { JobDecision } from './JobDecision.tsx';
import { JobFacts } from './JobFacts.tsx';
import { JobStory } from './JobStory.tsx';
import { storyOf } from './job-story.ts';

/** What is known of one job, in short: its page has more. */
export function JobAccount({ job }: { job: JobView }) {
  return (
    <div class="job-columns">
      <section>
        <h3>What happened</h3>
        <JobStory job={job} steps={storyOf(job)} start={clockStart(job).getTime()} />
      </section>
      <section>
        <h3>How it was decided</h3>
        <JobDecision job={job} />
        <h3>Details</h3>
        <JobFacts job={job} />
      </section>
    </div>
  );
}
