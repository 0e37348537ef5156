import { formatBytes } from '@spillway/core/amounts.ts';
import type { Model } from '@spillway/core/job.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import type { ComponentChildren } from 'preact';
import { BuiltInModelWords } from '../components/BuiltInModelWords.tsx';
import { HatchBar } from '../components/HatchBar.tsx';
import { OperationName } from '../components/OperationName.tsx';
import { ResultNotes } from '../components/ResultNotes.tsx';
import { WordsWithCommand } from '../components/WordsWithCommand.tsx';
import { formatMoment } from '../format/duration.ts';
import { resultUrl, sourceUrl } from '../jobs/job-actions.ts';
import { isRouted } from '../jobs/job-order.ts';
import { resultLook } from '../jobs/result-look.ts';
import { useWords } from '../jobs/result-words.ts';
import { resultLabel, stateLabel, targetLabel } from '../jobs/words.ts';
import { coarseDownload } from '../live/download-news.ts';
import { JobDecision } from './JobDecision.tsx';
import { storyOf } from './job-story.ts';

const classWords = {
  interactive: 'interactive: somebody waits for it',
  bulk: 'large batch: it lets others pass',
} as const;

/** State, target and operation of a job, in one line. */
export function JobSummary({ job }: { job: JobView }) {
  return (
    <p class="job-summary">
      <span class={`state ${job.state}`}>{stateLabel(job)}</span>
      {isRouted(job) && <span class={`side ${job.route.target}`}>{targetLabel(job.route.target)}</span>}
      <OperationName operation={job.operation} />
      {job.class === 'bulk' && <span class="chip">large batch</span>}
    </p>
  );
}

/** Everything that is known of one job. */
export function JobAccount({ job }: { job: JobView }) {
  return (
    <div class="job-columns">
      <section>
        <h3>What happened</h3>
        <ol class="story">
          {storyOf(job).map((step) => (
            <li key={step.title} class={step.tone}>
              <p class="story-title">
                {step.title}
                {step.at && <time dateTime={step.at.toISOString()}>{formatMoment(step.at)}</time>}
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
      </section>
      <section>
        <h3>How it was decided</h3>
        <JobDecision job={job} />
        <h3>Details</h3>
        <dl class="job-facts">
          <Row name="Job">{job.id}</Row>
          <Row name="Object">{`${job.source.bucket}/${job.source.name}`}</Row>
          <Row name="Pictures">
            <a href={sourceUrl(job.id)} target="_blank" rel="noreferrer">
              original
            </a>
            {job.result && (
              <>
                {', '}
                <a href={resultUrl(job.id)} target="_blank" rel="noreferrer">
                  result
                </a>
              </>
            )}
          </Row>
          <Row name="Generation">{job.source.generation}</Row>
          <Row name="Size">{formatBytes(job.source.size)}</Row>
          <Row name="Type">{job.source.contentType ?? 'not given'}</Row>
          <Row name="Options">{JSON.stringify(job.options)}</Row>
          <Row name="Owner">{job.owner ?? 'nobody'}</Row>
          <Row name="Class">{classWords[job.class]}</Row>
          <Row name="Policy">{job.route.policy}</Row>
          <Row name="Deadline">{formatMoment(job.deadlineAt)}</Row>
          {job.result && <Row name="Result">{`${job.result.bucket}/${job.result.name}`}</Row>}
          {job.result && resultLook(job).kind === 'words' && <WordsRow job={job} />}
          {job.result?.model && <ModelRow model={job.result.model} />}
          {job.result && job.result.notes.length > 0 && (
            <Row name="Notes">
              <ResultNotes notes={job.result.notes} />
            </Row>
          )}
          {job.error && <Row name="Error">{`${job.error.code}: ${job.error.message}`}</Row>}
          {job.trace && <Row name="Trace">{job.trace}</Row>}
        </dl>
      </section>
    </div>
  );
}

function WordsRow({ job }: { job: JobView }) {
  const loaded = useWords(job);
  return <Row name={resultLabel(job.operation)}>{loaded.kind === 'loaded' ? loaded.words.text : '…'}</Row>;
}

function ModelRow({ model }: { model: Model }) {
  return (
    <Row name="Model">
      {model.name}
      {model.builtIn && ', built-in demo model'}
      <small class="sum">SHA-256 {model.sha256}</small>
      {model.builtIn && <BuiltInModelWords model={model} />}
    </Row>
  );
}

function Row({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
