import { formatShare } from '@spillway/core/amounts.ts';
import { failureCodeList, failureCodes } from '@spillway/core/errors.ts';
import type { MetricsView } from '@spillway/web/api/metrics-schema.ts';
import { formatDuration } from '../format/duration.ts';
import { operationLabel } from '../jobs/words.ts';

/** What each operation did, class by class: the times of interactive and bulk jobs are never mixed. */
export function OperationTable({ metrics }: { metrics: MetricsView | null }) {
  const operations = metrics?.sum.operations ?? [];
  return (
    <section class="overview-table wide">
      <h2>Operations</h2>
      {operations.length === 0 ? (
        <p class="section-note">{metrics ? 'No job ended in this time.' : 'Reading …'}</p>
      ) : (
        <div class="table-frame">
          <table>
            <caption class="visually-hidden">Objectives and times by operation and class</caption>
            <thead>
              <tr>
                <th scope="col">Operation</th>
                <th scope="col" class="figure-cell">
                  Ended
                </th>
                <th scope="col" class="figure-cell">
                  In time
                </th>
                <th scope="col" class="figure-cell">
                  Failed
                </th>
                <th scope="col" class="figure-cell">
                  Wait, p50 / p95
                </th>
                <th scope="col" class="figure-cell">
                  Run, p50 / p95
                </th>
                <th scope="col" class="figure-cell">
                  Total, p50 / p95 / p99
                </th>
              </tr>
            </thead>
            <tbody>
              {operations.map((each) => (
                <tr key={`${each.operation} ${each.class}`}>
                  <th scope="row">
                    {operationLabel(each.operation)} <small>{each.class}</small>
                  </th>
                  <td class="figure-cell">{each.ended}</td>
                  <td class="figure-cell">
                    {each.kept + each.missed === 0 ? '–' : formatShare(each.kept / (each.kept + each.missed))}
                  </td>
                  <td class="figure-cell">{each.failed}</td>
                  <td class="figure-cell">{words(each.wait.p50, each.wait.p95)}</td>
                  <td class="figure-cell">{words(each.run.p50, each.run.p95)}</td>
                  <td class="figure-cell">{words(each.total.p50, each.total.p95, each.total.p99)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {metrics && (
        <p class="section-note">
          Quantiles are from histograms, within {formatShare(metrics.relativeError, 1)} of the true ones.
        </p>
      )}
    </section>
  );
}

/** Failures by their cause, each with its jobs. */
export function FailureTable({ metrics }: { metrics: MetricsView | null }) {
  const causes = Object.entries(metrics?.sum.codes ?? {}).sort(([, a], [, b]) => b - a);
  return (
    <section class="overview-table">
      <h2>Failures by cause</h2>
      {metrics === null || causes.length === 0 ? (
        <p class="section-note">{metrics ? 'Nothing failed in this time.' : 'Reading …'}</p>
      ) : (
        <div class="table-frame">
          <table>
            <caption class="visually-hidden">Failures by cause</caption>
            <thead>
              <tr>
                <th scope="col">Cause</th>
                <th scope="col" class="figure-cell">
                  Jobs
                </th>
              </tr>
            </thead>
            <tbody>
              {causes.map(([code, jobs]) => (
                <tr key={code}>
                  <th scope="row">
                    <a href={jobsOf(code, metrics)}>{causeWords(code)}</a> <small>{code}</small>
                  </th>
                  <td class="figure-cell">{jobs}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function jobsOf(code: string, { from, until }: MetricsView): string {
  const query = new URLSearchParams({
    state: 'failed',
    error: code,
    from: from.toISOString(),
    to: until.toISOString(),
  });
  return `/dashboard/jobs/?${query}`;
}

/** The sentence of a code; the code itself where a newer version has written it. */
function causeWords(code: string): string {
  const known = failureCodeList.find((each) => each === code);
  return known ? failureCodes[known] : code;
}

function words(...durations: (number | null)[]): string {
  return durations.map((each) => (each === null ? '–' : formatDuration(each))).join(' / ');
}
