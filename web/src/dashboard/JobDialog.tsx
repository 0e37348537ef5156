import type { Model, SidePrediction } from '@spillway/core/job.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import type { ComponentChildren } from 'preact';
import { HatchBar } from '../components/HatchBar.tsx';
import { ModalDialog } from '../components/ModalDialog.tsx';
import { BuiltInModelWords } from '../components/ModelNote.tsx';
import { OperationName } from '../components/OperationName.tsx';
import { WordsWithCommand } from '../components/WordsWithCommand.tsx';
import { formatBytes } from '../format/bytes.ts';
import { formatCost } from '../format/cost.ts';
import { formatDuration, formatMoment } from '../format/duration.ts';
import { displayName } from '../format/file-name.ts';
import { useCaption } from '../jobs/caption-result.ts';
import { resultUrl, sourceUrl } from '../jobs/job-actions.ts';
import { isRouted } from '../jobs/job-order.ts';
import { resultLook } from '../jobs/result-look.ts';
import { stateLabel, targetLabel } from '../jobs/words.ts';
import { coarseDownload } from '../live/download-news.ts';
import { storyOf } from './job-story.ts';

interface JobDialogProps {
  job: JobView;
  onClose(): void;
}

/** Everything that is known of one job; it goes on changing while it is open. */
export function JobDialog({ job, onClose }: JobDialogProps) {
  return (
    <ModalDialog title={displayName(job.source.name)} className="job-dialog" onClose={onClose}>
      <p class="job-summary">
        <span class={`state ${job.state}`}>{stateLabel(job)}</span>
        {isRouted(job) && <span class={`side ${job.route.target}`}>{targetLabel(job.route.target)}</span>}
        <OperationName operation={job.operation} />
      </p>
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
          <h3>What was predicted</h3>
          <Predictions job={job} />
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
            <Row name="Policy">{job.route.policy}</Row>
            <Row name="Deadline">{formatMoment(job.deadlineAt)}</Row>
            {job.result && <Row name="Result">{`${job.result.bucket}/${job.result.name}`}</Row>}
            {job.result && resultLook(job).kind === 'words' && <CaptionRow jobId={job.id} />}
            {job.result?.model && <ModelRow model={job.result.model} />}
            {job.error && <Row name="Error">{`${job.error.code}: ${job.error.message}`}</Row>}
            {job.trace && <Row name="Trace">{job.trace}</Row>}
          </dl>
        </section>
      </div>
    </ModalDialog>
  );
}

function Predictions({ job }: { job: JobView }) {
  const { predicted } = job.route;
  if (!predicted) {
    const words = isRouted(job) ? 'This policy predicts nothing.' : 'Nothing: the job was not routed.';
    return <p class="quiet-words">{words}</p>;
  }
  return (
    <table class="predictions">
      <caption>
        {predicted.budgetMs >= 0
          ? `${formatDuration(predicted.budgetMs)} were left to the deadline.`
          : `The deadline had passed ${formatDuration(-predicted.budgetMs)} before.`}
      </caption>
      <thead>
        <tr>
          <th scope="col">Side</th>
          <th scope="col">Wait</th>
          <th scope="col">Service</th>
          <th scope="col">Finish</th>
          <th scope="col">In time</th>
          <th scope="col">Cost</th>
        </tr>
      </thead>
      <tbody>
        <SideRow target="vm" side={predicted.vm} chosen={job.route.target === 'vm'} />
        <SideRow target="run" side={predicted.run} chosen={job.route.target === 'run'} />
      </tbody>
    </table>
  );
}

function SideRow(props: { target: 'vm' | 'run'; side: SidePrediction | null; chosen: boolean }) {
  const { target, side, chosen } = props;
  return (
    <tr class={chosen ? 'chosen' : ''}>
      <th scope="row">
        <span class={`side ${target}`}>{targetLabel(target)}</span>
        {chosen && <span class="visually-hidden"> (chosen)</span>}
      </th>
      {side ? (
        <>
          <td>{formatDuration(side.waitMs)}</td>
          <td>{formatDuration(side.serviceMs)}</td>
          <td>{formatDuration(side.finishMs)}</td>
          <td>{side.inTime ? 'yes' : 'no'}</td>
          <td>{formatCost(side.dollars)}</td>
        </>
      ) : (
        <td colSpan={5}>could not take it</td>
      )}
    </tr>
  );
}

function CaptionRow({ jobId }: { jobId: string }) {
  const caption = useCaption(jobId);
  return <Row name="Caption">{caption.kind === 'loaded' ? caption.result.caption : '…'}</Row>;
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
