import { useEffect, useMemo } from 'preact/hooks';
import type { AdminConnection } from '../admin/admin-connection.ts';
import { AlertLog } from './AlertLog.tsx';
import { Charts } from './Charts.tsx';
import { HeadFigures } from './HeadFigures.tsx';
import { createOverviewState } from './overview-state.ts';
import { RangePicker } from './RangePicker.tsx';
import { FailureTable, OperationTable } from './Tables.tsx';
import { WorstStep } from './WorstStep.tsx';

/** How the system does and did: figures, charts, and what went wrong. */
export function Overview({ admin }: { admin: AdminConnection }) {
  const state = useMemo(createOverviewState, []);
  useEffect(() => state.start(), [state]);
  const metrics = state.metrics.value;
  if (state.wrongAddress.value !== null) {
    return (
      <div class="notice" role="alert">
        <p>
          {state.wrongAddress.value} Nothing can be shown at this address.{' '}
          <a href="/dashboard/">Show the last three hours of all jobs</a>
        </p>
      </div>
    );
  }
  return (
    <div class="overview" aria-busy={state.isReading.value}>
      <RangePicker state={state} />
      {state.problem.value !== null && (
        <p class="notice" role="alert">
          {state.problem.value} The page tries again.
        </p>
      )}
      <HeadFigures overview={admin.overview.value} metrics={metrics} />
      <WorstStep state={state} />
      <Charts state={state} />
      <div class="overview-tables">
        <OperationTable metrics={metrics} />
        <FailureTable metrics={metrics} />
        <AlertLog log={state.alerts.value} />
      </div>
    </div>
  );
}
