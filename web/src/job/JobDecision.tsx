import { countOf } from '@spillway/core/amounts.ts';
import type { Ledger, Prediction, SideLedger, SidePrediction, Target } from '@spillway/core/job.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { formatCost } from '../format/cost.ts';
import { formatDuration } from '../format/duration.ts';
import { isRouted } from '../jobs/job-order.ts';
import { targetLabel } from '../jobs/words.ts';
import { OtherSide } from '../routing/OtherSide.tsx';

/** The basis of the decision: the predictions for both sides, and the work ahead of the job. */
export function JobDecision({ job }: { job: JobView }) {
  const { predicted, ledger, target } = job.route;
  if (!isRouted(job)) return <p class="quiet-words">Not at all: the job was not routed.</p>;
  return (
    <>
      {predicted && !(predicted.vm && predicted.run) && <Predictions predicted={predicted} target={target} />}
      <OtherSide route={job.route} />
      {ledger && <WorkAhead ledger={ledger} />}
    </>
  );
}

function Predictions({ predicted, target }: { predicted: Prediction; target: Target }) {
  const closed = predicted.runClosed ? closedWords[predicted.runClosed] : 'could not take it';
  return (
    <table class="predictions">
      <caption>
        {predicted.budgetMs >= 0
          ? `What was expected, with ${formatDuration(predicted.budgetMs)} left to the deadline:`
          : `What was expected, ${formatDuration(-predicted.budgetMs)} after the deadline:`}
      </caption>
      <thead>
        <tr>
          <th scope="col">Side</th>
          <th scope="col">Wait</th>
          <th scope="col">Service and I/O</th>
          <th scope="col">Finish</th>
          <th scope="col">In time</th>
          <th scope="col">Price</th>
        </tr>
      </thead>
      <tbody>
        <SideRow target="vm" side={predicted.vm} chosen={target === 'vm'} missing="no VM takes new work" />
        <SideRow target="run" side={predicted.run} chosen={target === 'run'} missing={closed} />
      </tbody>
    </table>
  );
}

const closedWords = {
  off: 'is off',
  no_service: 'is not set up',
  paused: 'is paused',
  over_budget: 'has spent its budget',
  lacks_model: 'does not have the model',
  too_large: 'takes no picture of that size',
} as const;

interface SideRowProps {
  target: Target;
  side: SidePrediction | null;
  chosen: boolean;
  /** Why there is no prediction. */
  missing: string;
}

function SideRow({ target, side, chosen, missing }: SideRowProps) {
  return (
    <tr class={chosen ? 'chosen' : ''}>
      <th scope="row">
        <span class={`side ${target}`}>{targetLabel(target)}</span>
        {chosen && <span class="visually-hidden"> (chosen)</span>}
      </th>
      {side ? (
        <>
          <td>{formatDuration(side.waitMs)}</td>
          <td>{formatDuration(side.serviceMs + side.ioMs)}</td>
          <td>{formatDuration(side.finishMs)}</td>
          <td>{side.inTime ? 'yes' : 'no'}</td>
          <td>{formatCost(side.dollars)}</td>
        </>
      ) : (
        <td colSpan={5}>{missing}</td>
      )}
    </tr>
  );
}

function WorkAhead({ ledger }: { ledger: Ledger }) {
  return (
    <table class="predictions">
      <caption>Work ahead of it:</caption>
      <thead>
        <tr>
          <th scope="col">Side</th>
          <th scope="col">Jobs</th>
          <th scope="col">Their work</th>
        </tr>
      </thead>
      <tbody>
        <AheadRow target="vm" what="in progress" ledger={ledger.vm.running} />
        <AheadRow target="vm" what="waiting ahead" ledger={ledger.vm.ahead} />
        <AheadRow target="run" what="open" ledger={ledger.run} />
      </tbody>
    </table>
  );
}

function AheadRow({ target, what, ledger }: { target: Target; what: string; ledger: SideLedger }) {
  return (
    <tr>
      <th scope="row">
        <span class={`side ${target}`}>{targetLabel(target)}</span>, {what}
      </th>
      {ledger.jobs === 0 ? (
        <td colSpan={2}>nothing</td>
      ) : (
        <>
          <td>{countOf(ledger.jobs, 'job')}</td>
          <td>{formatDuration(ledger.workMs)}</td>
        </>
      )}
    </tr>
  );
}
