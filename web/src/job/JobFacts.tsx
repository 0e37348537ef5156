import { formatBytes } from '@spillway/core/amounts.ts';
import type { Model } from '@spillway/core/job.ts';
import { parseTrace } from '@spillway/core/trace.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import type { ComponentChildren } from 'preact';
import { BuiltInModelWords } from '../components/BuiltInModelWords.tsx';
import { CopyButton } from '../components/CopyButton.tsx';
import { ResultNotes } from '../components/ResultNotes.tsx';
import { formatMoment } from '../format/duration.ts';
import { jobPageUrl } from '../jobs/job-actions.ts';

const classWords = {
  interactive: 'interactive: somebody waits for it',
  bulk: 'large batch: it lets others pass',
} as const;

/** What a job is, with what is copied into commands and searches. */
export function JobFacts({ job }: { job: JobView }) {
  const { source, result, error } = job;
  const traceId = parseTrace(job.trace)?.traceId ?? null;
  const before = job.retryOf ?? job.rerunOf;
  return (
    <dl class="job-facts">
      <Copied name="Job" text={job.id} />
      <Copied name="Object" text={`gs://${source.bucket}/${source.name}`} />
      <Copied name="Generation" text={source.generation} />
      {result && <Copied name="Result" text={`gs://${result.bucket}/${result.name}`} />}
      {traceId && <Copied name="Trace" text={traceId} />}
      <Row name="Owner">
        {job.owner === null ? (
          'nobody'
        ) : (
          <a href={`/dashboard/jobs/?owner=${encodeURIComponent(job.owner)}`}>{job.owner}</a>
        )}
      </Row>
      {job.batch && (
        <Row name="Batch">
          <a href={`/dashboard/jobs/?batch=${encodeURIComponent(job.batch)}`}>{job.batch}</a>
        </Row>
      )}
      {before && (
        <Row name={job.retryOf ? 'Retry of' : 'Re-run of'}>
          <a href={jobPageUrl(before)}>{before}</a>
        </Row>
      )}
      <Row name="Source">
        {formatBytes(source.size)}, {source.contentType ?? 'type not given'}
      </Row>
      <Row name="Options">
        <code>{JSON.stringify(job.options)}</code>
      </Row>
      <Row name="Class">{classWords[job.class]}</Row>
      <Row name="Policy">{job.route.policy}</Row>
      <Row name="Deadline">{formatMoment(job.deadlineAt)}</Row>
      {result?.model && <ModelRow model={result.model} />}
      {result && result.notes.length > 0 && (
        <Row name="Notes">
          <ResultNotes notes={result.notes} />
        </Row>
      )}
      {error && <Row name="Error">{`${error.code}: ${error.message}`}</Row>}
    </dl>
  );
}

function Copied({ name, text }: { name: string; text: string }) {
  return (
    <Row name={name}>
      <span class="copied">
        <code>{text}</code>
        <CopyButton text={text} subject={name.toLowerCase()} />
      </span>
    </Row>
  );
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
