import { formatDollars } from '@spillway/core/amounts.ts';
import {
  earlierDecisions,
  expectedAndActual,
  marginMs,
  type Part,
} from '@spillway/core/expected-and-actual.ts';
import type { JobDetail } from '@spillway/web/api/admin-schema.ts';
import { formatDuration } from '../format/duration.ts';
import { reasonLabel } from '../jobs/reasons.ts';
import { targetLabel } from '../jobs/words.ts';

const partWords: Record<Part, { name: string; meaning: string }> = {
  wait: { name: 'Wait', meaning: 'from the decision until a slot had it' },
  service: { name: 'Service', meaning: 'the operation, in the slot' },
  io: { name: 'Download and store', meaning: 'outside the slot' },
  margin: { name: 'Margin', meaning: 'added to be sure of the deadline' },
  rest: { name: 'The rest', meaning: 'writing down the outcome, and what clocks differ by' },
};

/** What the latest decision expected, beside what it came to. The rows add up to the finish. */
export function ExpectedTable({ job }: { job: JobDetail }) {
  const compared = expectedAndActual(job);
  const { route, actualDollars } = job;
  const side = route.predicted?.[route.target] ?? null;
  if (!compared || !side)
    return <p class="quiet-words">Nothing was expected: no decision was made by figures.</p>;
  return (
    <table class="predictions expected">
      <caption>
        From the decision for <span class={`side ${route.target}`}>{targetLabel(route.target)}</span>
        {route.epoch > 0 && ', the latest of them'}
      </caption>
      <thead>
        <tr>
          <th scope="col">Part</th>
          <th scope="col" class="figure-cell">
            Expected
          </th>
          <th scope="col" class="figure-cell">
            Actual
          </th>
          <th scope="col" class="figure-cell">
            Difference
          </th>
        </tr>
      </thead>
      <tbody>
        {compared.parts.map(({ part, expectedMs, actualMs }) => (
          <ExpectedRow key={part} {...partWords[part]} expectedMs={expectedMs} actualMs={actualMs} />
        ))}
        <ExpectedRow name="Finish" meaning="the sum" {...compared.finish} isSum />
        <tr>
          <th scope="row">
            Dollars<small>that it adds to the bill</small>
          </th>
          <td class="figure-cell">{formatDollars(side.dollars)}</td>
          <td class="figure-cell">{actualDollars === null ? '–' : formatDollars(actualDollars)}</td>
          <td class="figure-cell">
            {actualDollars === null ? '–' : signed(actualDollars - side.dollars, formatDollars)}
          </td>
        </tr>
      </tbody>
    </table>
  );
}

interface ExpectedRowProps {
  name: string;
  meaning: string;
  expectedMs: number | null;
  actualMs: number | null;
  isSum?: boolean;
}

function ExpectedRow({ name, meaning, expectedMs, actualMs, isSum = false }: ExpectedRowProps) {
  return (
    <tr class={isSum ? 'chosen' : ''}>
      <th scope="row">
        {name}
        <small>{meaning}</small>
      </th>
      <td class="figure-cell">{expectedMs === null ? '–' : formatDuration(expectedMs)}</td>
      <td class="figure-cell">{actualMs === null ? '–' : duration(actualMs)}</td>
      <td class="figure-cell">
        {expectedMs === null || actualMs === null ? '–' : signed(actualMs - expectedMs, formatDuration)}
      </td>
    </tr>
  );
}

/** Clocks of two machines may make a part negative. */
function duration(ms: number): string {
  return ms < 0 ? `−${formatDuration(-ms)}` : formatDuration(ms);
}

function signed(value: number, format: (value: number) => string): string {
  return value < 0 ? `−${format(-value)}` : `+${format(value)}`;
}

/** What the decisions expected that a later one replaced. */
export function EarlierDecisions({ job }: { job: JobDetail }) {
  const earlier = earlierDecisions(job.history);
  if (earlier.length === 0) return null;
  return (
    <table class="predictions">
      <caption>Earlier decisions, and what they expected:</caption>
      <thead>
        <tr>
          <th scope="col">Side</th>
          <th scope="col">Wait</th>
          <th scope="col">Service</th>
          <th scope="col">I/O</th>
          <th scope="col">Margin</th>
          <th scope="col">Finish</th>
          <th scope="col">Left</th>
        </tr>
      </thead>
      <tbody>
        {earlier.map(({ epoch, target, reason, predicted, budgetMs }) => (
          <tr key={epoch}>
            <th scope="row">
              <span class={`side ${target}`}>{targetLabel(target)}</span>
              <small>{reasonLabel(reason)}</small>
            </th>
            {predicted ? (
              <>
                <td>{formatDuration(predicted.waitMs)}</td>
                <td>{formatDuration(predicted.serviceMs)}</td>
                <td>{formatDuration(predicted.ioMs)}</td>
                <td>{formatDuration(marginMs(predicted))}</td>
                <td>{formatDuration(predicted.finishMs)}</td>
                <td>{budgetMs === null ? '–' : duration(budgetMs)}</td>
              </>
            ) : (
              <td colSpan={6}>nothing was predicted</td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
